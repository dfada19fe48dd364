package scanreport

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Schema is the name and version of the JSON formats. Fields are only ever
// added to a version.
const Schema = "vitrine.scan/v1"

// object is an Object in JSON. The bytes fields are there when the readable
// ones lost something.
type object struct {
	Path         string   `json:"path"`
	PathBytes    []byte   `json:"path_bytes,omitempty"`
	Members      []string `json:"members"`
	MembersBytes [][]byte `json:"members_bytes,omitempty"`
}

type finding struct {
	object
	Kind        string   `json:"kind"` // "rule" or "hash"
	Rule        string   `json:"rule"`
	Digest      string   `json:"digest,omitempty"`
	Namespace   string   `json:"namespace,omitempty"`
	RuleFile    string   `json:"rule_file,omitempty"`
	RuleLine    int      `json:"rule_line,omitempty"`
	Tags        []string `json:"tags"`
	Severity    string   `json:"severity,omitempty"`
	Description string   `json:"description,omitempty"`
	Family      string   `json:"family,omitempty"`
	Reference   string   `json:"reference,omitempty"`
	Author      string   `json:"author,omitempty"`
	License     string   `json:"license,omitempty"`
	Matches     []match  `json:"matches,omitempty"`
}

type match struct {
	String string `json:"string"`
	Offset int64  `json:"offset"`
	Length int    `json:"length"`
	Data   []byte `json:"data"`
}

type incomplete struct {
	object
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

type unread struct {
	Path      string `json:"path"`
	PathBytes []byte `json:"path_bytes,omitempty"`
	Reason    string `json:"reason"`
	Detail    string `json:"detail"`
}

type summary struct {
	Version        string           `json:"version"`
	Started        string           `json:"started"`
	ElapsedSeconds float64          `json:"elapsed_seconds"`
	Interrupted    bool             `json:"interrupted"`
	Rules          ruleSet          `json:"rules"`
	Hashes         int              `json:"hashes"`
	AllowHashes    int              `json:"allow_hashes"`
	Files          int64            `json:"files"`
	Bytes          int64            `json:"bytes"`
	Objects        int64            `json:"objects"`
	ObjectBytes    int64            `json:"object_bytes"`
	InfectedFiles  int64            `json:"infected_files"`
	Found          int64            `json:"found"`
	Allowed        int64            `json:"allowed"`
	Incomplete     map[string]int64 `json:"incomplete"`
	Unread         map[string]int64 `json:"unread"`
	Skipped        map[string]int64 `json:"skipped"`
	LeftMachine    []Departure      `json:"left_machine"`
}

type ruleSet struct {
	Count   int      `json:"count"`
	SHA256  string   `json:"sha256"`
	Bundles []Bundle `json:"bundles"`
}

// document writes everything as one JSON document, sorted, when the scan ends.
type document struct {
	w          io.Writer
	findings   []finding
	incomplete []incomplete
	unread     []unread
}

func (d *document) Event(e Event) error {
	switch e := e.(type) {
	case Finding:
		d.findings = append(d.findings, jsonFinding(e))
	case Incomplete:
		d.incomplete = append(d.incomplete, incomplete{jsonObject(e.Object), e.Reason, e.Detail})
	case Unread:
		d.unread = append(d.unread, jsonUnread(e))
	}
	return nil
}

func (d *document) End(s Summary) error {
	slices.SortStableFunc(d.findings, func(a, b finding) int { return a.compare(&b.object) })
	slices.SortStableFunc(d.incomplete, func(a, b incomplete) int { return a.compare(&b.object) })
	slices.SortStableFunc(d.unread, func(a, b unread) int { return strings.Compare(a.Path, b.Path) })
	encoder := json.NewEncoder(d.w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Schema     string       `json:"schema"`
		Summary    summary      `json:"summary"`
		Findings   []finding    `json:"findings"`
		Incomplete []incomplete `json:"incomplete"`
		Unread     []unread     `json:"unread"`
	}{Schema, jsonSummary(s), present(d.findings), present(d.incomplete), present(d.unread)})
}

// lines writes one JSON object a line as things happen; "type" says what it is.
type lines struct{ w io.Writer }

func (l *lines) Event(e Event) error {
	switch e := e.(type) {
	case Finding:
		return l.line(struct {
			header
			finding
		}{header{Schema, "finding"}, jsonFinding(e)})
	case Incomplete:
		return l.line(struct {
			header
			incomplete
		}{header{Schema, "incomplete"}, incomplete{jsonObject(e.Object), e.Reason, e.Detail}})
	case Unread:
		return l.line(struct {
			header
			unread
		}{header{Schema, "unread"}, jsonUnread(e)})
	}
	return nil
}

func (l *lines) End(s Summary) error {
	return l.line(struct {
		header
		summary
	}{header{Schema, "summary"}, jsonSummary(s)})
}

type header struct {
	Schema string `json:"schema"`
	Type   string `json:"type"`
}

func (l *lines) line(v any) error {
	encoder := json.NewEncoder(l.w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

func jsonFinding(f Finding) finding {
	out := finding{
		object: jsonObject(f.Object), Kind: "rule", Rule: f.Rule, Digest: f.Digest,
		Namespace: f.Namespace, RuleFile: f.File, RuleLine: f.Line, Tags: present(f.Tags),
		Severity: f.Severity, Description: f.About, Family: f.Family, Reference: f.Reference,
		Author: f.Author, License: f.License,
	}
	if f.Digest != "" {
		out.Kind = "hash"
	}
	for _, m := range f.Matches {
		out.Matches = append(out.Matches, match(m))
	}
	return out
}

func jsonUnread(u Unread) unread {
	return unread{readable(u.Path), exact(u.Path), u.Reason, u.Detail}
}

func jsonObject(o Object) object {
	out := object{Path: readable(o.Path), PathBytes: exact(o.Path), Members: []string{}}
	lossy := false
	for _, member := range o.Members {
		out.Members = append(out.Members, readable(member))
		lossy = lossy || !utf8.ValidString(member)
	}
	if lossy {
		for _, member := range o.Members {
			out.MembersBytes = append(out.MembersBytes, []byte(member))
		}
	}
	return out
}

func (o *object) compare(p *object) int {
	if c := strings.Compare(o.Path, p.Path); c != 0 {
		return c
	}
	return slices.Compare(o.Members, p.Members)
}

func readable(name string) string { return strings.ToValidUTF8(name, "\ufffd") }

// exact gives the bytes of a name that readable cannot carry.
func exact(name string) []byte {
	if utf8.ValidString(name) {
		return nil
	}
	return []byte(name)
}

func jsonSummary(s Summary) summary {
	return summary{
		Version:        s.Version,
		Started:        s.Started.UTC().Format(time.RFC3339),
		ElapsedSeconds: s.Elapsed.Round(time.Millisecond).Seconds(),
		Interrupted:    s.Interrupted,
		Rules:          ruleSet{s.RuleCount, s.RuleSHA256, append([]Bundle{}, s.Bundles...)},
		Hashes:         s.HashCount,
		AllowHashes:    s.AllowCount,
		Files:          s.Files,
		Bytes:          s.Bytes,
		Objects:        s.Objects,
		ObjectBytes:    s.ObjectBytes,
		InfectedFiles:  s.Infected,
		Found:          s.Findings,
		Allowed:        s.Allowed,
		Incomplete:     s.Incomplete.present(),
		Unread:         s.Unread.present(),
		Skipped:        s.Skipped.present(),
		LeftMachine:    present(s.Departures),
	}
}

func (t *Tally) present() map[string]int64 {
	if t.counts == nil {
		return map[string]int64{}
	}
	return t.counts
}

// present makes an empty list of a missing one: readers get [], never null.
func present[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
