package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"vitrine/bench"
)

var errNoCompiledForm = errors.New("databases of ClamAV have no compiled form")

// contestant is one engine, or one way of using it.
type contestant struct {
	key   string // in Row.Times
	flags int
	peer  *bench.Peer
}

// The keys of what is measured.
const (
	ours        = "vitrine"
	oursOffsets = "vitrine, with offsets"
	oursScalar  = "vitrine, without AVX2"
	oursTwo     = "vitrine, 2 threads"
	libyara     = "yara"
	libyaraTwo  = "yara, 2 threads"
	yaraX       = "yara-x"
	yaraXWasm   = "yara-x, wasm"
	libclamav   = "libclamav"
)

// start starts a contestant's process.
func start(key string, flags int, command ...string) (contestant, error) {
	cmd := exec.Command(command[0], command[1:]...)
	if key == oursScalar {
		cmd.Env = append(os.Environ(), "GODEBUG=cpu.avx2=off")
	}
	p, err := bench.Start(cmd)
	if err != nil {
		return contestant{}, fmt.Errorf("start %s: %w", key, err)
	}
	p.Flags = flags
	return contestant{key, flags, p}, nil
}

// Row is what one corpus took under one set of rules: for each contestant the
// sum over the files of the least time each took.
type Row struct {
	Rules  int
	Corpus string
	Files  int
	Bytes  int64
	Times  map[string]time.Duration
	Others map[string]int // by contestant: files on which it found other rules than we
}

// race measures a corpus. Everybody scans all of it in turn, rounds times.
func race(contestants []contestant, two [2]*bench.Peer, corpus bench.Corpus, rules, rounds int) (Row, error) {
	row := Row{rules, corpus.Name, len(corpus.Files), corpus.Size(), map[string]time.Duration{}, map[string]int{}}
	loaded := map[*bench.Peer]bool{}
	best := map[string]bench.Times{}
	for _, c := range contestants {
		best[c.key] = make(bench.Times, len(corpus.Files))
		if loaded[c.peer] {
			continue
		}
		loaded[c.peer] = true
		if err := c.peer.Load(corpus.Files); err != nil {
			return row, err
		}
	}
	for range rounds {
		var mine []bench.Verdict
		for _, c := range contestants {
			c.peer.Flags = c.flags
			verdicts, err := bench.Round(c.peer, corpus, best[c.key])
			if err != nil {
				return row, fmt.Errorf("%s: %w", c.key, err)
			}
			if c.key == ours {
				mine = verdicts
			}
			row.Others[c.key] = disagreements(mine, verdicts)
		}
		if err := shared(two, row.Times); err != nil {
			return row, err
		}
	}
	for key, times := range best {
		row.Times[key] = times.Total()
	}
	return row, nil
}

func disagreements(a, b []bench.Verdict) int {
	n := 0
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

// shared measures two threads, us and libyara; nil processes are passed over.
func shared(two [2]*bench.Peer, best map[string]time.Duration) error {
	for i, key := range [2]string{oursTwo, libyaraTwo} {
		if two[i] == nil {
			continue
		}
		taken, err := two[i].All(2)
		if err != nil {
			return err
		}
		if old := best[key]; old == 0 || taken < old {
			best[key] = taken
		}
	}
	return nil
}

// Cost is what a set of rules costs apart from scanning, by contestant.
type Cost struct {
	Rules      int
	Compile    map[string]time.Duration
	Load       map[string]time.Duration // of compiled rules
	Size       map[string]int64         // of those
	Peak       map[string]int64         // memory of a process that compiles and scans
	PeakLoaded map[string]int64         // of one that loads compiled rules and scans
}

// costs measures them, each peak in a process of its own.
func costs(bins programs, contestants []contestant, dir string, rules, rounds int, files []bench.File) (Cost, error) {
	c := Cost{rules, map[string]time.Duration{}, map[string]time.Duration{}, map[string]int64{}, map[string]int64{}, map[string]int64{}}
	for _, who := range contestants {
		if who.key == oursOffsets || who.key == oursScalar {
			continue
		}
		times := rounds
		if who.key == yaraX || who.key == yaraXWasm {
			times = 1 // some ten seconds each
		}
		err := least(c.Compile, who.key, times, who.peer.Compile)
		if err != nil {
			return c, err
		}
		if who.key == yaraX || who.key == yaraXWasm {
			continue // its packages write no compiled rules
		}
		saved := filepath.Join(dir, who.key+".compiled")
		if c.Size[who.key], err = who.peer.Save(saved); err != nil {
			return c, err
		}
		if err := least(c.Load, who.key, rounds, func() (time.Duration, error) { return who.peer.Reload(saved) }); err != nil {
			return c, err
		}
		if c.Peak[who.key], err = peak(who, files, bins.compiling(who.key, dir)); err != nil {
			return c, err
		}
		if c.PeakLoaded[who.key], err = peak(who, files, bins.loading(who.key, saved)); err != nil {
			return c, err
		}
	}
	return c, nil
}

func least(into map[string]time.Duration, key string, rounds int, measure func() (time.Duration, error)) error {
	for range rounds {
		taken, err := measure()
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		if old := into[key]; old == 0 || taken < old {
			into[key] = taken
		}
	}
	return nil
}

// peak is the memory of a process that scans the files once.
func peak(who contestant, files []bench.File, command []string) (int64, error) {
	c, err := start(who.key, who.flags, command...)
	if err != nil {
		return 0, err
	}
	defer c.peer.Close()
	if err := c.peer.Load(files); err != nil {
		return 0, err
	}
	if _, err := c.peer.Scan(len(files)); err != nil {
		return 0, err
	}
	return c.peer.Peak()
}

// closeAll ends the processes.
func closeAll(contestants []contestant, say func(string, ...any)) {
	closed := map[*bench.Peer]bool{}
	for _, c := range contestants {
		if !closed[c.peer] {
			closed[c.peer] = true
			if err := c.peer.Close(); err != nil {
				say("%s ended with %v", c.key, err)
			}
		}
	}
}
