package public

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"slices"
	"strings"

	"vitrine/yara/syntax"
)

// Cut picks files until they hold n rules, passing over those that would be too
// many. The order is that of the files' digests, so that every cut is a mixture
// of all sets and always the same. Left out are files with global rules, which
// would rule the others, with includes, and with a name another file has taken.
// Fewer rules than n mean that there are no more.
func Cut(files []File, n int) []File {
	var cut []File
	taken := map[string]bool{}
	for _, file := range byDigest(files) {
		names, ok := namesOf(file.Text)
		if !ok || len(taken)+len(names) > n || slices.ContainsFunc(names, func(name string) bool { return taken[name] }) {
			continue
		}
		for _, name := range names {
			taken[name] = true
		}
		cut = append(cut, file)
	}
	return cut
}

// Join writes the files of a Cut as one text, in one namespace: what every
// engine can be given in the same way.
func Join(cut []File) string {
	var text strings.Builder
	for _, f := range cut {
		text.Write(bytes.TrimPrefix(f.Text, []byte("\xef\xbb\xbf")))
		text.WriteByte('\n')
	}
	return text.String()
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
