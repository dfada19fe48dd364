package main

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"

	"vitrine/bench"
)

// The chart has a panel for each corpus and in it, for each number of rules, a
// bar for each engine. Speeds lie three orders of magnitude apart, so the scale
// is logarithmic and every bar has its figure.
const (
	panelWidth  = 430
	barHeight   = 13
	barGap      = 2
	groupGap    = 12
	labelWidth  = 74
	valueWidth  = 78
	panelMargin = 18
	headHeight  = 74
)

// style colours text and bars for light and dark pages.
const style = `<style>
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.head { font-size: 15px; font-weight: 600; } .panel { font-weight: 600; font-size: 13px; } .small { fill: #57606a; font-size: 11px; }
.value { font-size: 11px; } .grid { stroke: #d0d7de; stroke-width: 1; }
.vitrine { fill: #0a6cc4; } .scalar { fill: #7cb8ea; } .yara { fill: #c4581a; } .yarax { fill: #7d5bb5; } .wasm { fill: #b9a3dc; }
.page { fill: #ffffff; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; } .small { fill: #9da7b1; } .grid { stroke: #30363d; } .page { fill: #0d1117; }
.vitrine { fill: #4aa3f0; } .scalar { fill: #2a5f93; } .yara { fill: #ee8a4a; } .yarax { fill: #a98be0; } .wasm { fill: #6b55a0; }
}
</style>
`

// series are the bars, in order: the key of the figure, how it is drawn, and
// what the legend says.
var series = [...]struct{ key, class, name string }{
	{ours, "vitrine", "vitrine"},
	{oursScalar, "scalar", "vitrine without AVX2"},
	{libyara, "yara", "yara"},
	{yaraX, "yarax", "YARA-X"},
	{yaraXWasm, "wasm", "YARA-X in WebAssembly"},
}

// chart draws the speeds of one thread as SVG.
func (r *Results) chart() string {
	names, panels := r.panels()
	height := panelHeight(panels)
	rows := (len(names) + 1) / 2
	width, total := 2*panelWidth+3*panelMargin, headHeight+rows*(height+panelMargin)+6
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">`+"\n", width, total, width, total)
	b.WriteString("<title>Scanning speed by corpus, number of rules and engine</title>\n" + style)
	fmt.Fprintf(&b, `<rect class="page" width="%d" height="%d" rx="6"/>`+"\n", width, total)
	text(&b, panelMargin, 26, "head", "Scanning speed, one thread, MB/s (logarithmic)")
	r.legend(&b)
	for i, name := range names {
		x := panelMargin + i%2*(panelWidth+panelMargin)
		y := headHeight + i/2*(height+panelMargin)
		r.panel(&b, x, y, name, panels[name])
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// panels gives the rows of each corpus that has a speed, in order.
func (r *Results) panels() (names []string, panels map[string][]Row) {
	panels = map[string][]Row{}
	for _, row := range r.Rows {
		if row.tiny() {
			continue
		}
		if !slices.Contains(names, row.Corpus) {
			names = append(names, row.Corpus)
		}
		panels[row.Corpus] = append(panels[row.Corpus], row)
	}
	return names, panels
}

func panelHeight(panels map[string][]Row) int {
	most := 0
	for _, rows := range panels {
		bars := 0
		for _, row := range rows {
			bars += len(barsOf(row))
		}
		most = max(most, 24+bars*(barHeight+barGap)+len(rows)*groupGap)
	}
	return most
}

// barsOf are the indices of the series that a row has.
func barsOf(row Row) []int {
	var all []int
	for i, s := range series {
		if row.Times[s.key] > 0 {
			all = append(all, i)
		}
	}
	return all
}

func (r *Results) legend(b *strings.Builder) {
	x := panelMargin
	for _, s := range series {
		if !has(r.Rows, s.key) {
			continue
		}
		fmt.Fprintf(b, `<rect class="%s" x="%d" y="42" width="12" height="12" rx="2"/>`+"\n", s.class, x)
		text(b, x+17, 52, "", s.name)
		x += 40 + 7*len(s.name)
	}
}

func (r *Results) panel(b *strings.Builder, x, y int, name string, rows []Row) {
	text(b, x, y+14, "panel", name)
	fmt.Fprintf(b, `<line class="grid" x1="%d" y1="%d" x2="%d" y2="%d"/>`+"\n", x+labelWidth, y+22, x+labelWidth, y+panelBottom(rows))
	at := y + 24
	for _, row := range rows {
		bars := barsOf(row)
		text(b, x, at+len(bars)*(barHeight+barGap)/2+4, "small", fmt.Sprintf("%d rules", row.Rules))
		for _, i := range bars {
			speed := bench.Speed(row.Bytes, row.Times[series[i].key])
			long := barLength(speed)
			fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="2"/>`+"\n", series[i].class, x+labelWidth, at, long, barHeight)
			text(b, x+labelWidth+long+4, at+barHeight-3, "value", valueText(row, series[i].key, speed))
			at += barHeight + barGap
		}
		at += groupGap
	}
}

func panelBottom(rows []Row) int {
	bars := 0
	for _, row := range rows {
		bars += len(barsOf(row))
	}
	return 24 + bars*(barHeight+barGap) + (len(rows)-1)*groupGap
}

// barLength maps 0.1 MB/s and less to a stub, 3 GB/s to the full width.
func barLength(speed float64) int {
	const low, high = -1.0, 3.5
	part := (math.Log10(max(speed, 0.1)) - low) / (high - low)
	return 2 + int(min(part, 1)*float64(panelWidth-labelWidth-valueWidth))
}

// valueText is the speed and, for the others, how many times slower they are.
func valueText(row Row, key string, speed float64) string {
	figure := fmt.Sprintf("%.0f", speed)
	if speed < 10 {
		figure = fmt.Sprintf("%.1f", speed)
	}
	if key == libyara || key == yaraX || key == yaraXWasm {
		if ratio := row.ratio(ours, key); ratio > 0 {
			figure += fmt.Sprintf(" (÷%.0f)", ratio)
		}
	}
	return figure
}

func text(b *strings.Builder, x, y int, class, s string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" class="%s">%s</text>`+"\n", x, y, class, html.EscapeString(s))
}
