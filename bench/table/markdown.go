package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"vitrine/bench"
)

// column is a column of a table: its head, and the cell of a row.
type column[T any] struct {
	head string
	cell func(T) string
}

// table writes rows in Markdown; figures stand to the right.
func table[T any](rows []T, columns []column[T]) string {
	var b strings.Builder
	b.WriteString("|")
	for _, c := range columns {
		b.WriteString(" " + c.head + " |")
	}
	b.WriteString("\n|" + strings.Repeat("--:|", len(columns)) + "\n")
	for _, r := range rows {
		b.WriteString("|")
		for _, c := range columns {
			b.WriteString(" " + c.cell(r) + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// markdown is everything measured, targets first.
func (r *Results) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "On %s; %s. %s, %s.\n", r.Machine, strings.Join(r.Versions, ", "), r.rulesAre(), r.windowsAre())
	b.WriteString("\n### Targets\n\n" + r.targetTable())
	b.WriteString("\n### One thread\n\n" + table(r.Rows, r.scanColumns()))
	b.WriteString("\n### Two threads\n\n" + table(r.large(), twoColumns()))
	b.WriteString("\n### Rules apart from scanning\n\n" + table(r.costLines(), costColumns()))
	if len(r.Clam) > 0 {
		b.WriteString("\n### Signatures of ClamAV\n\n" + table(r.Clam, clamColumns()))
	}
	if note := r.disagreements(); note != "" {
		b.WriteString("\n" + note + "\n")
	}
	return b.String()
}

func (r *Results) rulesAre() string {
	if r.Published {
		return "Rules: cut from public sets"
	}
	return "Rules: made up"
}

func (r *Results) windowsAre() string {
	if r.RealPE {
		return "`pe`: real programs"
	}
	return "`pe`: made up"
}

func has(rows []Row, key string) bool {
	return slices.ContainsFunc(rows, func(r Row) bool { return r.Times[key] > 0 })
}

func (r *Results) scanColumns() []column[Row] {
	columns := []column[Row]{
		{"rules", func(r Row) string { return fmt.Sprint(r.Rules) }},
		{"corpus", func(r Row) string { return r.Corpus }},
		{"files", func(r Row) string { return fmt.Sprint(r.Files) }},
	}
	for _, key := range []string{libyara, yaraX, yaraXWasm, ours, oursOffsets, oursScalar} {
		if has(r.Rows, key) {
			columns = append(columns, column[Row]{key, func(r Row) string { return r.speed(key) }})
		}
	}
	for _, peer := range []string{libyara, yaraX, yaraXWasm} {
		if has(r.Rows, peer) {
			columns = append(columns, column[Row]{"× " + peer, func(r Row) string { return times(r.ratio(ours, peer)) }})
		}
	}
	return columns
}

// large leaves out what is too small to share.
func (r *Results) large() []Row {
	return slices.DeleteFunc(slices.Clone(r.Rows), func(row Row) bool { return row.Files < 2 || row.tiny() })
}

func twoColumns() []column[Row] {
	return []column[Row]{
		{"rules", func(r Row) string { return fmt.Sprint(r.Rules) }},
		{"corpus", func(r Row) string { return r.Corpus }},
		{"yara", func(r Row) string { return r.speed(libyaraTwo) }},
		{"vitrine", func(r Row) string { return r.speed(oursTwo) }},
		{"×", func(r Row) string { return times(r.ratio(oursTwo, libyaraTwo)) }},
	}
}

func clamColumns() []column[Row] {
	return []column[Row]{
		{"signatures", func(r Row) string { return fmt.Sprint(r.Rules) }},
		{"corpus", func(r Row) string { return r.Corpus }},
		{"files", func(r Row) string { return fmt.Sprint(r.Files) }},
		{libclamav, func(r Row) string { return r.speed(libclamav) }},
		{ours, func(r Row) string { return r.speed(ours) }},
		{"×", func(r Row) string { return times(r.ratio(ours, libclamav)) }},
	}
}

// costLine is one engine under one set of rules.
type costLine struct {
	Cost
	key string
}

func (r *Results) costLines() []costLine {
	var lines []costLine
	for _, c := range r.Costs {
		for _, key := range []string{ours, libyara, yaraX, yaraXWasm} {
			if c.Compile[key] > 0 {
				lines = append(lines, costLine{c, key})
			}
		}
	}
	return lines
}

func costColumns() []column[costLine] {
	return []column[costLine]{
		{"rules", func(l costLine) string { return fmt.Sprint(l.Rules) }},
		{"engine", func(l costLine) string { return l.key }},
		{"compile", func(l costLine) string { return milliseconds(l.Compile[l.key]) }},
		{"compiled size", func(l costLine) string { return megabytes(l.Size[l.key]) }},
		{"load compiled", func(l costLine) string { return milliseconds(l.Load[l.key]) }},
		{"peak memory, compile and scan", func(l costLine) string { return megabytes(l.Peak[l.key]) }},
		{"peak memory, load and scan", func(l costLine) string { return megabytes(l.PeakLoaded[l.key]) }},
	}
}

// tiny says whether the files are so small that only the time of each counts.
func (r Row) tiny() bool { return r.Bytes < 1000*int64(r.Files) && r.Bytes < 100_000 }

// speed is in MB/s; of tiny files the time of one, in microseconds.
func (r Row) speed(key string) string {
	switch d := r.Times[key]; {
	case d == 0:
		return "-"
	case r.tiny():
		return fmt.Sprintf("%.1f µs", float64(d)/1e3/float64(r.Files))
	default:
		return fmt.Sprintf("%.1f MB/s", bench.Speed(r.Bytes, d))
	}
}

// ratio says how many times faster a is than b; 0 where one is missing.
func (r Row) ratio(a, b string) float64 {
	if r.Times[a] == 0 {
		return 0
	}
	return float64(r.Times[b]) / float64(r.Times[a])
}

func times(ratio float64) string {
	if ratio == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f×", ratio)
}

func milliseconds(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f ms", float64(d)/1e6)
}

func megabytes(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// line tells a row while the next is measured.
func (r Row) line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d, %s:", r.Rules, r.Corpus)
	for _, key := range []string{libyara, yaraX, yaraXWasm, libclamav, ours, oursOffsets, oursScalar, libyaraTwo, oursTwo} {
		if r.Times[key] > 0 {
			fmt.Fprintf(&b, " %s %s;", key, r.speed(key))
		}
	}
	for key, n := range r.Others {
		if n > 0 {
			fmt.Fprintf(&b, " %s differs on %d files;", key, n)
		}
	}
	return b.String()
}

// disagreements says on how many files others found other rules.
func (r *Results) disagreements() string {
	sum, scans := map[string]int{}, 0
	for _, row := range r.Rows {
		scans += row.Files
		for key, n := range row.Others {
			sum[key] += n
		}
	}
	var parts []string
	for _, key := range []string{libyara, yaraX, yaraXWasm} {
		if has(r.Rows, key) {
			parts = append(parts, fmt.Sprintf("%s on %d", key, sum[key]))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("Of %d scans other rules than ours were found by %s.", scans, strings.Join(parts, ", "))
}
