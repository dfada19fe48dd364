package yara

import (
	"errors"
	"fmt"
	"math"

	"vitrine/yara/internal/blob"
	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/modules"
	"vitrine/yara/internal/plan"
	"vitrine/yara/syntax"
)

// ErrNotCompiled is wrapped by Load's error for bytes that are no compiled
// rules at all.
var ErrNotCompiled = blob.ErrNotBlob

// IsCompiled reports whether data begins like compiled rules.
func IsCompiled(data []byte) bool { return blob.Is(data) }

// MarshalBinary gives the rules in the form that Load reads: see
// docs/spec/compiled-rules.md. The same sources, added in the same order, give
// the same bytes on every machine. Rules made by Join cannot be marshalled.
func (r *Rules) MarshalBinary() ([]byte, error) {
	if r.set == nil {
		return nil, errors.New("write compiled rules: the set is joined from several")
	}
	w := &blob.Writer{}
	if err := blob.WriteSet(w, r.set); err != nil {
		return nil, err
	}
	for i, rule := range r.rules {
		writeRule(w, rule, &r.set.Rules[i])
	}
	blob.WriteFacts(w, r.plan.Facts())
	blob.WriteWindows(w, r.plan.Index.Windows())
	return w.Finish(features)
}

// features are the choices of this program that a blob depends on.
const features = 0

// The flags of rules and of their strings. A string's kind follows its flags.
const (
	rulePrivate = 1 << iota
	ruleGlobal
)

const (
	stringPrivate = 1 << iota
	stringList
)

func writeRule(w *blob.Writer, rule *Rule, compiled *ir.Rule) {
	name, nameLen := w.Text(rule.Name)
	file, fileLen := w.Text(rule.File)
	text, textLen := w.Text(rule.Text)
	w.Row(blob.Rules, name, nameLen, uint32(compiled.Namespace), blob.Bit(0, rule.Private)|blob.Bit(1, rule.Global),
		file, fileLen, uint32(rule.Line), text, textLen,
		uint32(len(rule.Tags)), uint32(len(rule.Meta)), uint32(len(rule.Strings)), uint32(compiled.Condition))
	for _, t := range rule.Tags {
		w.Row(blob.Tags, pair(w.Text(t))...)
	}
	for _, m := range rule.Meta {
		kind, value := metaWords(w, m.Value)
		w.Row(blob.Metas, append(append(pair(w.Text(m.Key)), kind), value...)...)
	}
	for i, s := range rule.Strings {
		c := &compiled.Strings[i]
		flags := blob.Bit(0, s.Private) | blob.Bit(1, c.List) | uint32(s.Kind)<<8
		w.Row(blob.Strings, append(append(pair(w.Text(s.Name)), flags, uint32(c.Pattern)), pair(w.Bytes(s.Value))...)...)
	}
}

func pair(a, b uint32) []uint32 { return []uint32{a, b} }

// The kinds of metadata.
const (
	metaText = iota
	metaInt
	metaBool
	metaFloat
)

func metaWords(w *blob.Writer, v any) (kind uint32, words []uint32) {
	switch v := v.(type) {
	case int64:
		return metaInt, pair(blob.Halves(uint64(v)))
	case bool:
		return metaBool, pair(blob.Bit(0, v), 0)
	case float64:
		return metaFloat, pair(blob.Halves(math.Float64bits(v)))
	}
	text, _ := v.(string)
	return metaText, pair(w.Text(text))
}

// Load reads rules written by MarshalBinary. It checks all of data before it
// uses any, and keeps none of it: data may be a mapped file that is unmapped
// afterwards. Whatever data holds, Load and scans with its result neither
// panic nor run without end.
func Load(data []byte) (*Rules, error) {
	r, err := blob.Open(data)
	if err != nil {
		return nil, err
	}
	rules, err := read(r)
	if err := r.Verify(); err != nil {
		return nil, err
	}
	return rules, err
}

// read makes the rules. It must be safe whatever the blob holds.
func read(r *blob.Reader) (*Rules, error) {
	if r.Features != features {
		return nil, fmt.Errorf("load rules: made for a program with features %#x, this one has %#x: compile the rules again", r.Features, features)
	}
	set := blob.ReadSet(r, modules.Named)
	out := &Rules{set: set, rules: readRules(r, set)}
	proved := blob.ReadFacts(r, len(set.Rules), len(set.Patterns))
	windows := blob.ReadWindows(r)
	if r.Err() == nil {
		if err := set.Check(); err != nil {
			r.Fail("%w", err)
		}
	}
	if r.Err() != nil {
		return nil, r.Err()
	}
	var err error
	if out.plan, err = plan.Load(set, proved, windows); err != nil {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	return out, nil
}

// ruleReader has what belongs to single rules, that of all rules in one piece.
type ruleReader struct {
	r       *blob.Reader
	tags    []string
	metas   []Meta
	strings []StringInfo
	uses    []ir.String
}

func readRules(r *blob.Reader, set *ir.Set) []*Rule {
	p := &ruleReader{r: r, tags: make([]string, r.Len(blob.Tags)), metas: make([]Meta, r.Len(blob.Metas)),
		strings: make([]StringInfo, r.Len(blob.Strings)), uses: make([]ir.String, r.Len(blob.Strings))}
	for i := range p.tags {
		p.tags[i] = r.Text(r.At(blob.Tags, i), 0)
	}
	for i := range p.metas {
		row := r.At(blob.Metas, i)
		p.metas[i] = Meta{r.Text(row, 0), p.metaValue(row)}
	}
	for i := range p.strings {
		p.str(i)
	}
	rules, out := make([]Rule, r.Len(blob.Rules)), make([]*Rule, r.Len(blob.Rules))
	set.Rules = make([]ir.Rule, len(rules))
	for i := range rules {
		p.rule(set, i, &rules[i])
		out[i] = &rules[i]
	}
	r.Done(blob.Tags, blob.Metas, blob.Strings)
	return out
}

func (p *ruleReader) metaValue(row blob.Row) any {
	switch row.Word(2) {
	case metaText:
		return p.r.Text(row, 3)
	case metaInt:
		return int64(row.Long(3))
	case metaBool:
		return p.r.Flags(row, 3, 1) != 0
	case metaFloat:
		return math.Float64frombits(row.Long(3))
	}
	p.r.Fail("metadata of kind %d", row.Word(2))
	return nil
}

func (p *ruleReader) str(i int) {
	row := p.r.At(blob.Strings, i)
	name := p.r.Text(row, 0)
	flags := p.r.Flags(row, 2, stringPrivate|stringList|0xFF00)
	kind := syntax.StringKind(flags >> 8)
	if kind > syntax.Regexp {
		p.r.Fail("a string of kind %d", kind)
	}
	private := flags&stringPrivate != 0
	p.strings[i] = StringInfo{name, private, kind, p.r.Bytes(row, 4)}
	p.uses[i] = ir.String{Name: name, Pattern: row.Int(3), Private: private, List: flags&stringList != 0}
}

func (p *ruleReader) rule(set *ir.Set, i int, rule *Rule) {
	row := p.r.At(blob.Rules, i)
	flags := p.r.Flags(row, 3, rulePrivate|ruleGlobal)
	*rule = Rule{Name: p.r.Text(row, 0), Private: flags&rulePrivate != 0, Global: flags&ruleGlobal != 0,
		File: p.r.Text(row, 4), Line: int(row.Word(6)), Text: p.r.Text(row, 7)}
	from, to := p.r.Take(blob.Tags, row.Word(9))
	rule.Tags = p.tags[from:to:to]
	from, to = p.r.Take(blob.Metas, row.Word(10))
	rule.Meta = p.metas[from:to:to]
	from, to = p.r.Take(blob.Strings, row.Word(11))
	rule.Strings = p.strings[from:to:to]
	ns := row.Word(2)
	if uint64(ns) >= uint64(len(set.Namespaces)) {
		p.r.Fail("namespace %d of %d", ns, len(set.Namespaces))
		return
	}
	rule.Namespace = set.Namespaces[ns].Name
	if rule.Global {
		set.Namespaces[ns].Globals = append(set.Namespaces[ns].Globals, int32(i))
	}
	set.Rules[i] = ir.Rule{Namespace: int32(ns), Global: rule.Global, Private: rule.Private, Condition: row.Int(12), Strings: p.uses[from:to:to]}
}
