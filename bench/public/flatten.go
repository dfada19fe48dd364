package public

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"slices"
	"strings"

	"vitrine/yara/syntax"
)

// Flat is rules of many files as one text, in one namespace: what every engine
// can be given in the same way.
type Flat struct {
	Rules int
	Files int
	Text  string
}

// Flatten joins files until they hold n rules, passing over those that would be
// too many. The order is that of the files' digests, so that every cut is a
// mixture of all sets and always the same. Left out are files with global
// rules, which would rule the others, with includes, and with a name another
// file has taken. Fewer rules than n mean that there are no more.
func Flatten(files []File, n int) Flat {
	var f Flat
	var text strings.Builder
	taken := map[string]bool{}
	for _, file := range byDigest(files) {
		if f.Rules >= n {
			break
		}
		names, ok := namesOf(file.Text)
		if !ok || f.Rules+len(names) > n || slices.ContainsFunc(names, func(name string) bool { return taken[name] }) {
			continue
		}
		for _, name := range names {
			taken[name] = true
		}
		text.Write(bytes.TrimPrefix(file.Text, []byte("\xef\xbb\xbf")))
		text.WriteByte('\n')
		f.Rules += len(names)
		f.Files++
	}
	f.Text = text.String()
	return f
}

// First gives the files from which Flatten takes n rules, and some more to take
// the place of those that turn out not to fit.
func First(files []File, n int) []File {
	files = byDigest(files)
	want := n + n/4
	for i, f := range files {
		if want -= f.Rules; want < 0 {
			return files[:i+1]
		}
	}
	return files
}

func byDigest(files []File) []File {
	digests := make(map[string][32]byte, len(files))
	for _, f := range files {
		digests[f.Path] = sha256.Sum256(f.Text)
	}
	sorted := slices.Clone(files)
	slices.SortFunc(sorted, func(a, b File) int {
		x, y := digests[a.Path], digests[b.Path]
		return cmp.Or(bytes.Compare(x[:], y[:]), cmp.Compare(a.Path, b.Path))
	})
	return sorted
}

// namesOf lists the rules of a file that can stand among others.
func namesOf(text []byte) (names []string, ok bool) {
	file, errs := syntax.Parse("", text, syntax.Options{})
	if len(errs) > 0 {
		return nil, false
	}
	for _, item := range file.Items {
		switch i := item.(type) {
		case *syntax.Include:
			return nil, false
		case *syntax.Rule:
			if i.Global || slices.Contains(names, i.Name) {
				return nil, false
			}
			names = append(names, i.Name)
		}
	}
	return names, len(names) > 0
}
