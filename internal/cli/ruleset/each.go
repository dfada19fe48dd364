package ruleset

import (
	"errors"
	"slices"

	"vitrine/yara"
)

// File is one file of rules compiled by itself, with what it includes.
type File struct {
	Name     string        // as the user would write it
	Rules    *yara.Rules   // nil where Errors say why
	Sources  []yara.Source // the file itself, then what it includes: names and texts
	Places   []string      // of the Sources, below the path that was named
	Errors   yara.Errors
	Warnings []yara.Diagnostic
}

// Each reads what the Paths of c name, compiles every file by itself and hands it to
// take. A file with errors does not keep the others from being compiled. Files
// that others include come with these alone. The error, of type Errors, tells
// what could not be read; take has been called for the rest.
func Each(c Config, take func(*File)) error {
	l := &loader{portable: true, texts: map[string][]byte{}, places: map[string]place{}, sums: map[string]string{}}
	defer l.close()
	for _, p := range c.Paths {
		l.path(p)
	}
	for _, w := range l.waiting {
		take(l.alone(w, c.Externals))
	}
	if len(l.errors) > 0 {
		return l.errors
	}
	return nil
}

// alone compiles one file.
func (l *loader) alone(w waiting, externals map[string]any) *File {
	show := w.at.tree.show(w.at.name)
	f := &File{Name: show, Places: []string{w.at.name}, Sources: []yara.Source{{Name: show, Namespace: show, Text: w.text}}}
	places := map[string]place{show: w.at}
	compiler := yara.NewCompiler(yara.Config{Externals: externals, Include: func(from, target string) (yara.Source, error) {
		at, s, err := included(places[from], target)
		if err == nil {
			places[s.Name] = at
			if !slices.ContainsFunc(f.Sources, func(o yara.Source) bool { return o.Name == s.Name }) {
				f.Sources, f.Places = append(f.Sources, s), append(f.Places, at.name)
			}
		}
		return s, err
	}})
	err := compiler.Add(f.Sources[0])
	f.Warnings = compiler.Warnings()
	if errors.As(err, &f.Errors) {
		return f
	}
	if err == nil {
		f.Rules, err = compiler.Rules()
	}
	if err != nil {
		f.Errors = yara.Errors{{File: show, Line: 1, Col: 1, Message: err.Error()}}
	}
	return f
}

// included reads what the file at from includes.
func included(from place, target string) (place, yara.Source, error) {
	name, err := resolve(from.name, target)
	if err != nil {
		return place{}, yara.Source{}, err
	}
	text, err := from.tree.read(name)
	if err != nil {
		return place{}, yara.Source{}, bare(err)
	}
	return place{from.tree, name}, yara.Source{Name: from.tree.show(name), Text: text}, nil
}
