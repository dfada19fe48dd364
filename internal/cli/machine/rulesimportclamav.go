package machine

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"vitrine/internal/cli/quarry"
	"vitrine/internal/cli/ruleset"
	"vitrine/internal/cli/term"
	"vitrine/internal/engine/clamav"
)

// importedDatabase is a database of ClamAV that was copied.
type importedDatabase struct {
	File        string `json:"file"`
	SHA256      string `json:"sha256"`
	Signatures  int    `json:"signatures"`
	Unsupported int    `json:"unsupported"`
	Malformed   int    `json:"malformed"`
	Official    bool   `json:"official"`
	Version     int    `json:"version"`
	Built       string `json:"built"`
	Builder     string `json:"builder"`
}

// signatureDatabases gives the databases of ClamAV at the top of a source, or
// none if it is a set of rules. Some endings mean other things elsewhere.
func signatureDatabases(source string) []string {
	var names []string
	if info, err := os.Stat(source); err == nil && !info.IsDir() {
		if clamav.Order(source) >= 0 {
			names = []string{source}
		}
	} else if err == nil {
		names, _ = quarry.DatabasesIn(source)
	}
	for _, name := range names {
		switch strings.ToLower(filepath.Ext(name)) {
		case ".yar", ".yara", ".db", ".pdb", ".idb", ".cat", ".imp", ".ioc":
		default:
			return names
		}
	}
	return nil
}

// database copies one database, and takes it away again if it is not what was
// signed or cannot be read.
func (i *importing) database(name string) {
	i.begin(name)
	base := filepath.Base(name)
	entry := importedDatabase{File: base}
	sum, err := i.copy(name, base)
	if err != nil {
		i.err = errors.Join(i.err, err)
		return
	}
	entry.SHA256 = sum
	report, err := i.inspect(base)
	if err != nil {
		i.set.Skipped = append(i.set.Skipped, skippedFile{File: name, Reasons: []string{err.Error()}})
		i.err = errors.Join(i.err, i.root.Remove(base))
		return
	}
	total := report.Total()
	entry.Signatures, entry.Unsupported, entry.Malformed = total.Loaded, total.Unsupported, total.Malformed
	for _, c := range report.Containers {
		entry.Official, entry.Version, entry.Built, entry.Builder = c.Trust.Official(), c.Version, c.Time, c.Builder
		if c.Licence != nil {
			i.set.Licences = append(i.set.Licences, importedLicence{base + "!COPYING", ruleset.LicenceName(c.Licence)})
		}
	}
	i.set.Databases = append(i.set.Databases, entry)
}

// copy copies a file and gives its SHA-256.
func (i *importing) copy(name, base string) (sum string, err error) {
	from, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer from.Close()
	to, err := i.root.Create(base)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, h), from)
	i.progress.Add(n)
	return hex.EncodeToString(h.Sum(nil)), errors.Join(err, to.Close())
}

// inspect loads the copy of a database by itself, as a scan would.
func (i *importing) inspect(base string) (*clamav.Report, error) {
	file, err := i.root.Open(base)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	l := clamav.NewLoader(clamav.Config{Unwanted: true})
	if err := l.Add(base, file); err != nil {
		return nil, err
	}
	_, err = l.Finish()
	return l.Report(), err
}

// databasesLine sums up an import of databases.
func (i *importing) databasesLine() string {
	total, unsupported, official := 0, 0, 0
	for _, d := range i.set.Databases {
		total += d.Signatures
		unsupported += d.Unsupported
		if d.Official {
			official++
		}
	}
	line := fmt.Sprintf("%s in %s (%d signed by ClamAV)", term.Plural(int64(total), "signature", "signatures"),
		term.Plural(int64(len(i.set.Databases)), "database", "databases"), official)
	if unsupported > 0 {
		line += ", " + term.Plural(int64(unsupported), "signature", "signatures") + " not supported"
	}
	return line
}
