package clamav

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"vitrine/internal/engine/clamav/certs"
	"vitrine/internal/engine/clamav/digests"
	"vitrine/internal/engine/clamav/object"
	"vitrine/internal/engine/clamav/sigtext"
	"vitrine/yara"
)

// Database is everything that was loaded. It is immutable and safe for
// concurrent use; make a Scanner for each goroutine.
type Database struct {
	objects, sections, trusted *digests.Set
	members                    []memberSignature
	certs                      *certs.List
	now                        func() time.Time // nil: not known
	bodies                     []bodySignature  // by the number in the rule's name
	rules                      *yara.Rules      // of the bodies; nil: none
	variables                  []string         // those the conditions use
	files                      *yara.Rules      // of .yara files; nil: none
	ignored                    map[string]bool
	identifier                 *object.Identifier
	normal                     bool // there are signatures for normalised text
}

// bodySignature is what a rule's match must be held against.
type bodySignature struct {
	name      string
	target    object.Target
	container string
}

// Len is the number of signatures that are looked for, and of digests and
// certificates that are trusted.
func (d *Database) Len() int {
	if d == nil {
		return 0
	}
	n := d.objects.Len() + d.sections.Len() + d.trusted.Len() + len(d.members) + d.certs.Len() + len(d.bodies)
	if d.files != nil {
		n += d.files.Len()
	}
	return n
}

// Finish makes the Database. Signatures that cannot be compiled are counted in
// the Report. The Loader must not be used afterwards.
func (l *Loader) Finish() (*Database, error) {
	l.finishWaiting()
	d := &Database{
		objects: l.objects.Finish(), sections: l.sections.Finish(), trusted: l.trusted.Finish(),
		members: l.members, ignored: l.ignored.names, identifier: object.NewIdentifier(), now: l.config.Now,
	}
	d.certs = certs.NewList(slices.DeleteFunc(l.certs, func(e certs.Entry) bool { return d.ignored[e.Name] }))
	d.members = slices.DeleteFunc(d.members, func(m memberSignature) bool { return d.ignored[m.name] })
	if err := l.compileBodies(d); err != nil {
		return nil, fmt.Errorf("compile signatures: %w", err)
	}
	if err := l.compileFiles(d); err != nil {
		return nil, fmt.Errorf("compile rules: %w", err)
	}
	return d, nil
}

// finishWaiting translates what had to wait for the macro groups.
func (l *Loader) finishWaiting() {
	for _, w := range l.waiting {
		l.report.count(w.kind).Loaded-- // it was counted when it was put off
		l.entry(&entry{w.kind, w.file, w.line, w.text}, func(l *Loader, e *entry) error {
			s, err := sigtext.Logical(e.text, l.macros)
			return l.body(e, s, err)
		})
	}
	l.waiting = nil
}

// prefix begins the names of the rules made of signatures.
const prefix = "sig_"

func (l *Loader) compileBodies(d *Database) error {
	externals := map[string]any{}
	for _, p := range l.texts {
		for _, v := range p.text.Variables {
			externals[v] = object.None
		}
	}
	for v := range externals {
		d.variables = append(d.variables, v)
	}
	slices.Sort(d.variables)
	c := yara.NewCompiler(yara.Config{Dialect: yara.YARAX, Externals: externals, Brief: true})
	for i := range l.texts {
		p := &l.texts[i]
		s := p.text
		p.text = nil
		err := c.Add(yara.Source{Text: []byte(s.Rule(prefix + strconv.Itoa(len(d.bodies))))})
		if err != nil {
			l.refuse(p, err)
			continue
		}
		name := strings.Clone(s.Name) // apart from its line
		d.bodies = append(d.bodies, bodySignature{name, object.Target(s.Target), s.Container})
		d.normal = d.normal || s.Target == int(object.Any) || s.Target == int(object.HTML) || s.Target == int(object.Text)
	}
	l.texts = nil
	if len(d.bodies) == 0 {
		return nil
	}
	var err error
	d.rules, err = c.Rules()
	return err
}

// refuse counts a signature that was translated and does not compile: what
// the matcher does not take is not supported.
func (l *Loader) refuse(p *pending, err error) {
	why := err.Error()
	var all yara.Errors
	if errors.As(err, &all) {
		why = all[0].Message
	}
	l.report.count(p.kind).Loaded--
	l.report.unsupported(p.kind, "the matcher does not take it: "+why)
}

// compileFiles compiles .yara files. A file with a mistake is left out whole,
// as there is no telling what its rules meant to each other.
func (l *Loader) compileFiles(d *Database) error {
	c := yara.NewCompiler(yara.Config{})
	loaded := 0
	for _, f := range l.files {
		err := c.Add(yara.Source{Name: f.name, Namespace: f.name, Text: f.text})
		var all yara.Errors
		if errors.As(err, &all) {
			for _, e := range all {
				l.report.malformed(f.kind, Problem{f.name, e.Line, e.Message})
			}
			continue
		}
		if err != nil {
			return err
		}
		loaded++
	}
	if loaded == 0 {
		return nil
	}
	var err error
	if d.files, err = c.Rules(); err != nil {
		return err
	}
	for r := range d.files.All() {
		l.report.count(kindOf(r.File)).Loaded++
	}
	return nil
}

// numberOf reads the number of a body signature from the name of its rule.
func numberOf(rule string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(rule, prefix))
	if err != nil {
		return -1
	}
	return n
}
