package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"vitrine/bench/public"
)

// Report gathers what was compared and what came of it. Its methods may be
// called by several goroutines.
type Report struct {
	mu       sync.Mutex
	progress io.Writer // nil: nobody watches

	Rules       int          `json:"rules"`
	Files       int          `json:"files"`
	Scans       int          `json:"scans"`   // of a file with a group of rules, by both
	Matches     int          `json:"matches"` // of a rule in a file, in both
	Offsets     int          `json:"offsets"` // string matches that agree
	Differences []Difference `json:"differences"`
	Excepted    []Difference `json:"exceptions"`
	PeerRefuses []Refused    `json:"yara_refuses"`
	Late        []string     `json:"timeouts"` // FILE, and who
}

// Refused is a rule file an engine does not compile.
type Refused struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}

func (r *Report) refused(theirs, ours []public.Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range theirs {
		r.PeerRefuses = append(r.PeerRefuses, Refused{f.File.Path, f.Reason})
	}
	for _, f := range ours {
		r.Differences = append(r.Differences, Difference{File: f.Reason, RuleFile: f.File.Path, Kind: kindRefused})
	}
}

// file takes the answers about one file and what differs in them.
func (r *Report) file(name string, own, peer Answer, found []Difference) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Scans++
	defer r.tell()
	if own == nil || peer == nil {
		r.Late = append(r.Late, late(name, own, peer))
		return
	}
	for _, d := range found {
		if d.Reason != "" {
			r.Excepted = append(r.Excepted, d)
		} else {
			r.Differences = append(r.Differences, d)
		}
	}
	for rule, hits := range own {
		if theirs, ok := peer[rule]; ok {
			r.Matches++
			r.Offsets += len(hits) - len(missing(hits, theirs))
		}
	}
}

func late(name string, own, peer Answer) string {
	var who []string
	if own == nil {
		who = append(who, "vitrine")
	}
	if peer == nil {
		who = append(who, "yara")
	}
	return name + ": no answer in time from " + strings.Join(who, " and ")
}

// tell keeps a line on the screen up to date.
func (r *Report) tell() {
	if r.progress != nil && r.Scans%50 == 0 {
		fmt.Fprintf(r.progress, "\r%d scans, %d rule matches, %d differences ", r.Scans, r.Matches, len(r.Differences))
	}
}

// sort puts everything into an order that does not hang on who was first.
func (r *Report) sort() {
	order := func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.RuleFile, b.RuleFile), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.File, b.File))
	}
	slices.SortFunc(r.Differences, order)
	slices.SortFunc(r.Excepted, order)
	slices.Sort(r.Late)
}

// print writes the report for a reader; at most so many differences of a kind.
func (r *Report) print(w io.Writer, most int) {
	for _, f := range r.PeerRefuses {
		fmt.Fprintf(w, "not compared, yara refuses %s: %s\n", f.File, f.Reason)
	}
	for _, l := range r.Late {
		fmt.Fprintf(w, "not compared, %s\n", l)
	}
	printSome(w, r.Excepted, "exception", most)
	printSome(w, r.Differences, "difference", most)
	for _, e := range exceptions() {
		n := 0
		for _, d := range r.Excepted {
			if d.Reason == e.name {
				n++
			}
		}
		if n > 0 {
			fmt.Fprintf(w, "documented exception %s, %d times: %s\n", e.name, n, e.reason)
		}
	}
	fmt.Fprintf(w, "%d rules × %d files (%d scans): %d differences, %d documented exceptions; %d rule matches and %d string matches agree; %d rule files refused by yara, %d scans out of time\n",
		r.Rules, r.Files, r.Scans, len(r.Differences), len(r.Excepted), r.Matches, r.Offsets, len(r.PeerRefuses), len(r.Late))
}

func printSome(w io.Writer, all []Difference, word string, most int) {
	for i, d := range all {
		if i == most {
			fmt.Fprintf(w, "%ss: %d more are not shown\n", word, len(all)-most)
			return
		}
		fmt.Fprintf(w, "%s: %s: %s: rule %s: %s%s%s\n", word, d.File, d.RuleFile, d.Rule, d.Kind, hitList("yara", d.Only), hitList("vitrine", d.Extra))
	}
}

func hitList(who string, hits []Hit) string {
	if len(hits) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "; only in %s:", who)
	for i, h := range hits {
		if i == 4 {
			fmt.Fprintf(&b, " and %d more", len(hits)-i)
			break
		}
		fmt.Fprintf(&b, " %s at 0x%x (%d)", h.Name, h.Offset, h.Length)
	}
	return b.String()
}
