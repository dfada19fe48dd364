package main

import (
	"fmt"
	"math"
	"time"
)

// target is one promise of speed, and what became of it for one number of rules.
type target struct {
	what    string
	at      int // rules
	wanted  string
	reached string
	met     string
}

// minimum is a target for ratios over some corpora, the least of which counts.
type minimum struct {
	what    string
	a, b    string // keys: a shall be so many times faster than b
	least   float64
	corpora []string
}

var (
	elfOnly      = []string{"elf"}
	peOnly       = []string{"pe"}
	programsOnly = []string{"elf", "pe"}
	sources      = []string{"source-tree"}
	everything   = []string{"elf", "pe", "source-tree", "source-one-file"}
)

func minima() []minimum {
	return []minimum{
		{"ELF, beside yara", ours, libyara, 8, elfOnly},
		{"PE, beside yara", ours, libyara, 8, peOnly},
		{"source trees, beside yara", ours, libyara, 20, sources},
		{"without AVX2, beside yara", oursScalar, libyara, 3, everything},
		{"all corpora, beside YARA-X 1.7.1", ours, yaraX, 10, everything},
		{"all corpora, beside YARA-X 1.20.0 in WebAssembly", ours, yaraXWasm, 4, everything},
		{"two threads, beside yara with two", oursTwo, libyaraTwo, 8, programsOnly},
	}
}

func (r *Results) targetTable() string {
	var all []target
	for _, m := range minima() {
		all = append(all, m.over(r.Rows)...)
	}
	all = append(all, minimum{"signatures, beside libclamav", ours, libclamav, 10, everything}.over(r.Clam)...)
	for _, c := range r.Costs {
		all = append(all, c.targets()...)
	}
	for _, row := range r.Rows {
		if row.tiny() {
			all = append(all, atMost("a file of 11 bytes", row.Rules, row.Times[ours]/time.Duration(row.Files), 20*time.Microsecond))
		}
	}
	return table(all, []column[target]{
		{"what", func(t target) string { return t.what }},
		{"rules", func(t target) string { return fmt.Sprint(t.at) }},
		{"target", func(t target) string { return t.wanted }},
		{"reached", func(t target) string { return t.reached }},
		{"", func(t target) string { return t.met }},
	})
}

// over gives the least ratio for each number of rules.
func (m minimum) over(rows []Row) []target {
	var order []int
	least, where := map[int]float64{}, map[int]string{}
	for _, row := range rows {
		ratio := row.ratio(m.a, m.b)
		if ratio == 0 || !contains(m.corpora, row.Corpus) {
			continue
		}
		if _, seen := least[row.Rules]; !seen {
			order = append(order, row.Rules)
			least[row.Rules] = math.Inf(1)
		}
		if ratio < least[row.Rules] {
			least[row.Rules], where[row.Rules] = ratio, row.Corpus
		}
	}
	var all []target
	for _, n := range order {
		all = append(all, target{m.what, n, fmt.Sprintf("≥ %g×", m.least), times(least[n]) + " (" + where[n] + ")", verdict(least[n] >= m.least)})
	}
	return all
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "missed"
}

func atMost(what string, rules int, taken, most time.Duration) target {
	reached := milliseconds(taken)
	if most < time.Millisecond {
		reached = fmt.Sprintf("%.1f µs", float64(taken)/1e3)
	}
	return target{what, rules, "≤ " + most.String(), reached, verdict(taken <= most)}
}

// targets are those for compiled rules and memory.
func (c Cost) targets() []target {
	all := []target{
		atMost("compile", c.Rules, c.Compile[ours], 3*time.Second),
		atMost("load compiled rules", c.Rules, c.Load[ours], 50*time.Millisecond),
	}
	for _, p := range []struct {
		what string
		peak map[string]int64
	}{{"memory, compile and scan", c.Peak}, {"memory, load and scan", c.PeakLoaded}} {
		if theirs := p.peak[libyara]; theirs > 0 {
			all = append(all, target{p.what, c.Rules, "≤ " + megabytes(theirs) + " (yara)", megabytes(p.peak[ours]), verdict(p.peak[ours] <= theirs)})
		}
	}
	return all
}
