package ruleset

import (
	"archive/zip"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Origin is where a set of rules comes from, as far as its files tell.
type Origin struct {
	Commit   string // of a git checkout; empty when that is not known
	Licences []Licence
}

// Licence is a licence file of a set.
type Licence struct {
	Place string // below the path of the set, with slashes
	Name  string // as SPDX has it, or empty when the text is not known
	Text  []byte
}

// maxLicence is the most that is read of one licence file, in bytes.
const maxLicence = 1 << 20

// OriginOf looks at the top of a directory, or at an archive. It starts no
// program: the commit is read from the files of git.
func OriginOf(name string) Origin {
	if info, err := os.Stat(name); err != nil {
		return Origin{}
	} else if !info.IsDir() {
		return Origin{Licences: archivedLicences(name)}
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return Origin{}
	}
	defer root.Close()
	o := Origin{Commit: commit(root)}
	entries, err := os.ReadDir(name)
	if err != nil {
		return o
	}
	for _, e := range entries {
		if !isLicence(e.Name()) || !e.Type().IsRegular() {
			continue
		}
		if text, err := readSmall(root, e.Name()); err == nil {
			o.Licences = append(o.Licences, Licence{e.Name(), LicenceName(text), text})
		}
	}
	return o
}

// archivedLicences looks at the top of an archive and one directory below, in
// which archives of repositories have everything.
func archivedLicences(name string) (out []Licence) {
	z, err := zip.OpenReader(name)
	if err != nil {
		return nil
	}
	defer z.Close()
	for _, f := range z.File {
		if !isLicence(path.Base(f.Name)) || strings.Count(f.Name, "/") > 1 || !filepath.IsLocal(f.Name) ||
			f.UncompressedSize64 > maxLicence || !f.Mode().IsRegular() {
			continue
		}
		r, err := f.Open()
		if err != nil {
			continue
		}
		text, err := readAll(r)
		r.Close()
		if err == nil {
			out = append(out, Licence{f.Name, LicenceName(text), text})
		}
	}
	return out
}

func isLicence(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	stem, _, _ = strings.Cut(stem, "-")
	return stem == "LICENSE" || stem == "LICENCE" || stem == "COPYING" || stem == "NOTICE"
}

// LicenceName knows a licence by its words, and gives the name that SPDX has for
// it, or nothing.
func LicenceName(text []byte) string {
	words := strings.Join(strings.Fields(strings.ToLower(string(text[:min(len(text), 4096)]))), " ")
	for _, known := range []struct{ words, name string }{
		{"detection rule license (drl) 1.1", "DRL-1.1"}, {"detection rule license (drl) 1.0", "DRL-1.0"},
		{"elastic license 2.0", "Elastic-2.0"},
		{"apache license version 2.0", "Apache-2.0"},
		{"gnu affero general public license version 3", "AGPL-3.0"},
		{"gnu lesser general public license version 3", "LGPL-3.0"},
		{"gnu general public license version 3", "GPL-3.0"}, {"gnu general public license version 2", "GPL-2.0"},
		{"mozilla public license version 2.0", "MPL-2.0"},
		{"permission is hereby granted, free of charge", "MIT"},
		{"neither the name of", "BSD-3-Clause"},
		{"redistribution and use in source and binary forms", "BSD-2-Clause"},
		{"this is free and unencumbered software", "Unlicense"},
		{"attribution-noncommercial 4.0", "CC-BY-NC-4.0"}, {"attribution-sharealike 4.0", "CC-BY-SA-4.0"}, {"attribution 4.0", "CC-BY-4.0"},
	} {
		if strings.Contains(words, known.words) {
			return known.name
		}
	}
	return ""
}

func readSmall(root *os.Root, name string) ([]byte, error) {
	file, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxLicence {
		return nil, os.ErrInvalid
	}
	return readAll(file)
}

// commit reads which commit is checked out.
func commit(root *os.Root) string {
	head, err := readSmall(root, ".git/HEAD")
	if err != nil {
		return ""
	}
	ref, symbolic := strings.CutPrefix(strings.TrimSpace(string(head)), "ref: ")
	if !symbolic {
		return asCommit(ref)
	}
	if text, err := readSmall(root, path.Join(".git", ref)); err == nil {
		return asCommit(string(text))
	}
	packed, err := readSmall(root, ".git/packed-refs")
	if err != nil {
		return ""
	}
	for line := range strings.SplitSeq(string(packed), "\n") {
		if sum, name, _ := strings.Cut(strings.TrimSpace(line), " "); name == ref {
			return asCommit(sum)
		}
	}
	return ""
}

// asCommit lets through nothing but a sum.
func asCommit(s string) string {
	s = strings.TrimSpace(s)
	if (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == "" {
		return s
	}
	return ""
}
