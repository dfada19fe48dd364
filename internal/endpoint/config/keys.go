package config

import (
	"strings"
	"time"
)

// key is one key of the file.
type key struct {
	name  string // with its table: "protection.mode"
	at    any    // where its value is: *string, *bool, *int, *[]string, *size or *time.Duration
	check check  // nil: any value of the type
	help  string // lines for the file, without #
}

// size is bytes, written as 512MiB.
type size int64

// sizeAt is the same place, known as a size.
func sizeAt(n *int64) *size { return (*size)(n) }

// table is the part of a key's name in front of the dot.
func (k key) table() string {
	table, _, _ := strings.Cut(k.name, ".")
	return table
}

// tables says what each table is for, in the order of the file.
func tables() [][2]string {
	return [][2]string{
		{"protection", "What is watched on this machine, and what is done about malware."},
		{"scanner", "The processes that look into files. They run without rights, and what they look with."},
		{"quarantine", "Where malware is kept, encrypted, until it is restored or deleted."},
		{"network", "Connections and names that are refused."},
		{"clamd", "A socket for mail servers and others that speak the protocol of clamd."},
		{"control", "The socket that vitrine status, events, quarantine and others ask at."},
		{"events", "Where what happened is written to."},
		{"sweep", "Scans that no access causes: vitrine sweep."},
		{"state", "Where the guard keeps what it has to remember."},
	}
}

// keys is every key, in the order of the file, with its place in c.
func (c *Config) keys() []key {
	var all []key
	for _, part := range [][]key{
		c.Protection.keys(), c.Protection.limits(), c.Scanner.keys(), c.Quarantine.keys(), c.Network.keys(),
		c.Clamd.keys(), c.Control.keys(), c.Events.keys(), c.Sweep.keys(), c.State.keys(),
	} {
		all = append(all, part...)
	}
	return all
}

// Default is the configuration of an empty file.
func Default() Config {
	return Config{
		Protection: Protection{
			Mode: Block, Exec: Block, Write: true, Actions: []string{Quarantining, Kill, Notify},
			ExecDeadline: 2 * time.Second, OpenDeadline: 500 * time.Millisecond, OnTimeout: Allow,
			MaxFileSize: 512 << 20, Blind: true, Watchdog: 2 * time.Second,
		},
		Scanner: Scanner{
			User: "vitrine-scanner", Memory: 1 << 30, MaxTime: 30 * time.Second, Builtin: true, State: "/var/lib/vitrine/chain",
		},
		Quarantine: Quarantine{Dir: "/var/lib/vitrine/quarantine", Keep: 90 * 24 * time.Hour, MaxSize: 2 << 30},
		Network:    Network{Backend: Auto, Sinkhole: []string{"127.0.0.1", "::1"}},
		Clamd:      Clamd{Socket: "/run/vitrine/clamd.ctl", MaxStream: 100 << 20, Idle: 30 * time.Second},
		Control:    Control{Socket: "/run/vitrine/guard.sock"},
		Events:     Events{File: "/var/log/vitrine/events.jsonl", MaxSize: 64 << 20, Keep: 5, Journal: true},
		Sweep:      Sweep{Idle: true, CPU: 50},
		State:      State{Dir: "/var/lib/vitrine"},
	}
}
