package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"vitrine/bench"
)

// Results is everything one run measured.
type Results struct {
	Machine   string
	Versions  []string
	Published bool // the rules are public ones, not made up
	RealPE    bool
	Rows      []Row
	Costs     []Cost
	Clam      []Row // Rules counts signatures
}

// readResults joins what several runs on one machine measured.
func readResults(paths []string) (*Results, error) {
	var all Results
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		r := all // what only the first says stays
		r.Rows, r.Costs, r.Clam = nil, nil, nil
		if err := json.Unmarshal(data, &r); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		if len(r.Rows) == 0 {
			return nil, fmt.Errorf("read %s: no figures in it", path)
		}
		r.Rows, r.Costs, r.Clam = append(all.Rows, r.Rows...), append(all.Costs, r.Costs...), append(all.Clam, r.Clam...)
		if len(all.Versions) > len(r.Versions) {
			r.Versions = all.Versions
		}
		all = r
	}
	return &all, nil
}

// measureSet measures one number of rules in a directory of its own.
func (r *Results) measureSet(o options, bins programs, rules source, n int, dir string, corpora []bench.Corpus, say func(string, ...any)) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if n > o.yaraxMost {
		bins.script = ""
	}
	text, n := rules(n)
	if err := os.WriteFile(ruleFile(dir), []byte(text), 0o600); err != nil {
		return err
	}
	contestants, two, err := contestants(bins, dir, say)
	if err != nil {
		return err
	}
	for _, corpus := range corpora {
		row, err := race(contestants, two, corpus, n, o.rounds)
		if err != nil {
			return err
		}
		say("%s", row.line())
		r.Rows = append(r.Rows, row)
	}
	cost, err := costs(bins, contestants, dir, n, min(o.rounds, 5), corpora[0].Files)
	if err != nil {
		return err
	}
	r.Costs = append(r.Costs, cost)
	closeAll(contestants, say)
	if !o.signatures || bins.clam == "" {
		return nil
	}
	return r.measureSignatures(o, bins, text, filepath.Join(dir, "clamav"), corpora, say)
}

// contestants starts a process for each engine there is.
func contestants(bins programs, dir string, say func(string, ...any)) (all []contestant, two [2]*bench.Peer, err error) {
	own, err := start(ours, 0, bins.compiling(ours, dir)...)
	if err != nil {
		return nil, two, err
	}
	scalar, err := start(oursScalar, 0, bins.compiling(oursScalar, dir)...)
	if err != nil {
		return nil, two, err
	}
	two[0] = own.peer
	all = []contestant{own, {oursOffsets, withOffsets, own.peer}, scalar}
	if bins.libyara != "" {
		c, err := start(libyara, reportMatching, bins.compiling(libyara, dir)...)
		if err != nil {
			return nil, two, err
		}
		two[1] = c.peer
		all = append(all, c)
	}
	for key, build := range map[string]string{yaraX: "native", yaraXWasm: "wasm"} {
		if _, ok := bins.has(build); !ok {
			continue
		}
		c, err := start(key, 0, bins.compiling(key, dir)...)
		if err == nil {
			_, err = c.peer.Peak() // it answers when it has compiled
		}
		if err != nil {
			say("NOT COMPARED with %s: %v", key, err)
			continue
		}
		all = append(all, c)
	}
	return all, two, nil
}

// reportMatching is libyara's SCAN_FLAGS_REPORT_RULES_MATCHING.
const reportMatching = 8

// measureSignatures compares us with libclamav.
func (r *Results) measureSignatures(o options, bins programs, text, dir string, corpora []bench.Corpus, say func(string, ...any)) error {
	n, err := writeDatabases(text, dir)
	if err != nil || n == 0 {
		return errors.Join(err, errorIf(n == 0, "the rules hold no literals to make signatures of"))
	}
	own, err := start(ours, 0, bins.self, "-serve", "clamav", dir)
	if err != nil {
		return err
	}
	theirs, err := start(libclamav, 0, bins.clam, dir)
	if err != nil {
		return err
	}
	both := []contestant{own, theirs}
	defer closeAll(both, say)
	for _, corpus := range corpora {
		row, err := race(both, [2]*bench.Peer{}, corpus, n, o.rounds)
		if err != nil {
			return err
		}
		say("%s", row.line())
		r.Clam = append(r.Clam, row)
	}
	return nil
}

func errorIf(is bool, what string) error {
	if is {
		return errors.New(what)
	}
	return nil
}
