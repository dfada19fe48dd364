package clamav

// whyNot says why files of a type are not supported; empty: they are, or they
// hold no signatures.
func whyNot(kind string) string {
	switch kind {
	case "cbc":
		return "bytecode is not run"
	case "cat":
		return "catalogs of signed programs are not read"
	case "pdb", "gdb", "wdb":
		return "phishing lists are not used"
	case "idb":
		return "icons are not compared"
	case "imp":
		return "import tables are not hashed"
	case "ioc":
		return "OpenIOC files are not read"
	case "zmd", "rmd":
		return "the old format of archive metadata, replaced by .cdb"
	}
	return ""
}

// unwanted tells types whose signatures are of potentially unwanted programs.
func unwanted(kind string) bool {
	switch kind {
	case "hdu", "hsu", "mdu", "msu", "ndu", "ldu":
		return true
	}
	return false
}

// lineKinds gives what handles the lines of a type; nil: no such type.
func lineKinds(kind string) func(*Loader, *entry) error {
	switch kind {
	case "hdb", "hsb", "hdu", "hsu":
		return (*Loader).objectDigest
	case "mdb", "msb", "mdu", "msu":
		return (*Loader).sectionDigest
	case "fp", "sfp":
		return (*Loader).trustedDigest
	case "db":
		return (*Loader).plain
	case "ndb", "ndu", "sdb":
		return (*Loader).extended
	case "ldb", "ldu":
		return (*Loader).logical
	case "cdb":
		return (*Loader).member
	case "crb":
		return (*Loader).certificate
	case "ign", "ign2":
		return (*Loader).ignore
	}
	return nil
}
