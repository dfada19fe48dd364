package worker

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"vitrine/internal/endpoint/sandbox"
)

// Status is how the scanners are.
type Status struct {
	Rules      string         `json:"rules"`      // identity, in hexadecimal
	Count      int            `json:"count"`      // of rules
	Hashes     int            `json:"hashes"`     // of listed digests
	Allowed    int            `json:"allowed"`    // of digests that are let be
	Signatures int            `json:"signatures"` // of ClamAV's databases
	Bundles    []string       `json:"bundles,omitempty"`
	Warnings   []string       `json:"warnings,omitempty"` // what could not be loaded, and what was used instead
	Sandbox    sandbox.Report `json:"sandbox"`            // of the worker with most walls missing
	Workers    []WorkerStatus `json:"workers"`
	Queued     int            `json:"queued"`
	Poisoned   int            `json:"poisoned"` // files that a scanner died of
	Scans      uint64         `json:"scans"`
	Failures   uint64         `json:"failures"` // scans that a scanner died of, or had no scanner
}

// WorkerStatus is how one scanner is.
type WorkerStatus struct {
	Number   int           `json:"number"`
	State    string        `json:"state"` // idle, busy, starting or resting: not needed
	PID      int           `json:"pid,omitempty"`
	Runs     time.Duration `json:"runs"` // since its start
	Scans    uint64        `json:"scans"`
	Restarts int           `json:"restarts"`
	Waiting  string        `json:"waiting,omitempty"` // starting: how the one before ended
	Memory   Memory        `json:"memory"`
}

// Memory is what a process takes, in bytes.
type Memory struct {
	Resident     int64 `json:"resident"`
	Proportional int64 `json:"proportional"` // what is shared is counted in parts
	Private      int64 `json:"private"`      // would be free without it
}

// Pids gives the processes of all scanners, also of those that are still loading or
// about to end: the guard lets them open what they want.
func (p *Pool) Pids() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	pids := make([]int, 0, len(p.processes))
	for process := range p.processes {
		pids = append(pids, process.PID())
	}
	return pids
}

// Status says how the scanners are.
func (p *Pool) Status() Status {
	s := p.status()
	for i := range s.Workers {
		if pid := s.Workers[i].PID; pid > 0 {
			s.Workers[i].Memory = MemoryOf("/proc", pid)
		}
	}
	return s
}

func (p *Pool) status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Status{Rules: p.identity, Scans: p.scans, Failures: p.failures, Poisoned: len(p.poison.files)}
	for _, line := range p.queue.waiting {
		s.Queued += len(line)
	}
	most := -1
	for _, x := range p.slots {
		own := WorkerStatus{Number: x.number, State: "starting", Restarts: x.restarts, Waiting: x.waiting}
		if x.resting {
			own.State = "resting"
		}
		if w := x.worker; w != nil && !w.dead {
			own.State, own.PID, own.Runs, own.Scans = "idle", w.process.PID(), p.config.Now().Sub(w.begun), w.scans
			if w.job != nil {
				own.State = "busy"
			}
			report := append(append(sandbox.Report{}, w.process.Report()...), w.ready.Sandbox...)
			if n := len(report.Missing()); n > most {
				most, s.Sandbox = n, report
			}
			if w.ready.Rules == p.identity {
				r := w.ready
				s.Count, s.Hashes, s.Allowed, s.Signatures, s.Bundles, s.Warnings = r.Count, r.Hashes, r.Allowed, r.Sigs, r.Bundles, r.Warnings
			}
		}
		s.Workers = append(s.Workers, own)
	}
	return s
}

// MemoryOf reads what a process takes from the directory that proc is mounted on;
// zero when that cannot be told.
func MemoryOf(proc string, pid int) Memory {
	text, err := os.ReadFile(filepath.Join(proc, strconv.Itoa(pid), "smaps_rollup"))
	if err != nil {
		return Memory{}
	}
	var m Memory
	for line := range bytes.Lines(text) {
		f := bytes.Fields(line)
		if len(f) < 2 {
			continue
		}
		kilobytes, err := strconv.ParseInt(string(f[1]), 10, 64)
		if err != nil {
			continue
		}
		switch string(f[0]) {
		case "Rss:":
			m.Resident += kilobytes << 10
		case "Pss:":
			m.Proportional += kilobytes << 10
		case "Private_Clean:", "Private_Dirty:":
			m.Private += kilobytes << 10
		}
	}
	return m
}
