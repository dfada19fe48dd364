package ruleset

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"

	"vitrine/yara"
)

// waiting is a source that is compiled once all are known.
type waiting struct {
	at   place
	text []byte
}

// addWaiting compiles the sources that wait, in an order that depends on their
// names and contents only.
func (l *loader) addWaiting() {
	if !l.portable {
		return
	}
	clear(l.places) // held the names that the user wrote
	slices.SortStableFunc(l.waiting, func(a, b waiting) int {
		return cmp.Or(cmp.Compare(a.at.name, b.at.name), bytes.Compare(a.text, b.text))
	})
	for i, w := range l.waiting {
		if i > 0 && w.at.name == l.waiting[i-1].at.name && bytes.Equal(w.text, l.waiting[i-1].text) {
			if len(includes(w.at.name, w.text)) > 0 {
				l.fail("two files are called %s, are the same, and include others: name one of them", w.at.name)
			}
			continue
		}
		show := l.portableName(w.at, w.text)
		l.texts[show], l.places[show] = w.text, w.at
		l.add(yara.Source{Name: show, Namespace: show, Text: w.text})
	}
}

// portableName gives a source its place in its tree as a name. Files of several
// trees that are called alike get a piece of their checksum behind it.
func (l *loader) portableName(at place, text []byte) string {
	free := func(name string) bool {
		p, taken := l.places[name]
		return !taken || p == at
	}
	name := at.name
	if free(name) {
		return name
	}
	sum := sha256.Sum256(text)
	name += "~" + hex.EncodeToString(sum[:4])
	for n := 2; !free(name); n++ {
		name = fmt.Sprintf("%s~%x~%d", at.name, sum[:4], n)
	}
	return name
}

// blob takes a file of compiled rules. It reports whether the file is one.
func (l *loader) blob(name string, size int64) bool {
	file, err := os.Open(name)
	if err != nil {
		return false // to be told by who reads it as a source
	}
	defer file.Close()
	head := make([]byte, min(size, 16))
	if _, err := file.ReadAt(head, 0); err != nil || !yara.IsCompiled(head) {
		return false
	}
	if l.portable {
		l.fail("read rules %s: they are compiled already", name)
		return true
	}
	if _, done := l.sums[name]; done {
		return true
	}
	data, err := l.contents(file, size)
	if err != nil {
		l.fail("read rules %s: %w", name, bare(err))
		return true
	}
	rules, err := yara.Load(data)
	if err != nil {
		l.fail("read rules %s: %w", name, err)
		return true
	}
	sum := sha256.Sum256(data)
	l.sums[name] = hex.EncodeToString(sum[:])
	l.compiled = append(l.compiled, rules)
	return true
}

// contents gives the bytes of a file that rules can be used in.
func (l *loader) contents(file io.ReaderAt, size int64) ([]byte, error) {
	if l.hold != nil {
		return l.hold(io.NewSectionReader(file, 0, size))
	}
	data := make([]byte, size)
	if n, err := file.ReadAt(data, 0); n < len(data) {
		return nil, err
	}
	return data, nil
}

// join puts the compiled rules behind those of sources, if there are any.
func (l *loader) join(sources *yara.Rules) *yara.Rules {
	parts := l.compiled
	if sources.Len() > 0 {
		parts = append([]*yara.Rules{sources}, parts...)
	}
	return yara.Join(parts...)
}
