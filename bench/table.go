package bench

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// Table writes the lines as a table in Markdown, with the machine above it.
func Table(machine string, lines []Line) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", machine)
	b.WriteString("| rules | corpus | files | answer | yara | vitrine | ratio |\n|---|---|--:|---|--:|--:|--:|\n")
	for _, l := range lines {
		fmt.Fprintf(&b, "| %s | %s | %d | %s | %s | %s | %s |\n", l.Rules, l.Corpus, l.Files, l.Answer, l.cell(l.Peer), l.cell(l.Own), l.ratioCell())
	}
	return b.String()
}

// cell is a speed; or a time, where there are few bytes or none.
func (l Line) cell(d time.Duration) string {
	switch {
	case d == 0:
		return "not here"
	case l.Bytes == 0:
		return fmt.Sprintf("%.0f ms", float64(d)/1e6)
	case l.Bytes < 1000:
		return fmt.Sprintf("%.1f µs", float64(d)/1e3)
	}
	return fmt.Sprintf("%.1f MB/s", Speed(l.Bytes, d))
}

func (l Line) ratioCell() string {
	if l.Peer == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f×", l.Ratio())
}

// Processor is the machine's processor by name, as Linux tells it.
func Processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for _, line := range strings.Split(string(text), "\n") {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}
