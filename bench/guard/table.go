package main

import (
	"fmt"
	"strings"
	"time"
)

// table writes what was measured, one contender a column.
func table(columns []column) string {
	var b strings.Builder
	row := func(name string, cell func(column) string) {
		fmt.Fprintf(&b, "| %s |", name)
		for _, c := range columns {
			fmt.Fprintf(&b, " %s |", cell(c))
		}
		b.WriteByte('\n')
	}
	row("", func(c column) string { return c.name })
	row("---", func(column) string { return "---:" })
	none := columns[0]
	row("open and close a file seen before", func(c column) string { return ratio(c.open, none.open) })
	row("run a program of 1 MiB never seen before, median", func(c column) string { return ratio(c.exec.p50, none.exec.p50) })
	row("… 99th percentile", func(c column) string { return ratio(c.exec.p99, none.exec.p99) })
	row("run it again, median", func(c column) string { return ratio(c.again.p50, none.again.p50) })
	if none.build > 0 {
		row("go build std", func(c column) string { return ratio(c.build, none.build) })
	}
	row("memory, all processes (PSS)", func(c column) string {
		return orNothing(c.memory > 0, fmt.Sprintf("%.0f MiB", float64(c.memory)/(1<<20)))
	})
	row("an opener goes on after SIGSTOP", func(c column) string {
		switch {
		case c.stopped == 0:
			return "–"
		case !c.released:
			return "never"
		}
		return short(c.stopped)
	})
	row("… after SIGKILL", func(c column) string { return orNothing(c.killed > 0, short(c.killed)) })
	return b.String()
}

func orNothing(ok bool, text string) string {
	if !ok {
		return "–"
	}
	return text
}

// ratio is a time, and how many times that of the first column it is.
func ratio(d, base time.Duration) string {
	if d == 0 || base == 0 {
		return "–"
	}
	return fmt.Sprintf("%s (%.2f×)", short(d), float64(d)/float64(base))
}

func short(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(10 * time.Nanosecond).String()
}
