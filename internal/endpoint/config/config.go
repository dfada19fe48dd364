// Package config is the guard's configuration file, /etc/vitrine/vitrine.toml:
// one table of keys, from which the file is read and checked, its defaults are
// taken, and what docs/spec/config.md and `vitrine config` say is printed.
//
// It refuses what it does not know and what anybody but root could have
// written. It changes nothing and looks at nothing but the file itself.
package config

import "time"

// Path is where the file is.
const Path = "/etc/vitrine/vitrine.toml"

// Config is every value. Default makes one; Load makes one that is checked.
// Sizes are in bytes. What a key means is written beside it in the table of keys.
type Config struct {
	Protection Protection
	Scanner    Scanner
	Quarantine Quarantine
	Network    Network
	Clamd      Clamd
	Control    Control
	Events     Events
	Sweep      Sweep
	State      State
}

// Values of keys that have few.
const (
	Block  = "block"  // protection.mode, protection.exec
	Report = "report" // protection.mode
	Scan   = "scan"   // protection.exec: do not wait
	Never  = "off"    // protection.exec

	Allow = "allow" // protection.on_timeout
	Deny  = "deny"

	Quarantining = "quarantine" // protection.actions
	Kill         = "kill"
	Notify       = "notify"

	Auto = "auto" // network.backend
	BPF  = "bpf"
	NFT  = "nft"
)

// Protection is [protection].
type Protection struct {
	Mode         string
	Exec         string
	Write        bool
	Open         []string
	Paths        []string
	Exclude      []string
	Actions      []string
	ExecDeadline time.Duration
	OpenDeadline time.Duration
	OnTimeout    string
	MaxFileSize  int64
	Blind        bool
	Hook         []string
	Watchdog     time.Duration
}

// Scanner is [scanner].
type Scanner struct {
	Workers   int
	User      string
	Memory    int64
	MaxTime   time.Duration
	Rules     []string
	Builtin   bool
	ClamAV    string
	Hashes    []string
	Allow     []string
	Passwords string
	State     string
}

// Quarantine is [quarantine].
type Quarantine struct {
	Dir     string
	Keep    time.Duration
	MaxSize int64
}

// Network is [network].
type Network struct {
	Enabled   bool
	Lists     []string
	Backend   string
	Cgroup    string
	Resolver  string
	Upstreams []string
	Sinkhole  []string
}

// Clamd is [clamd].
type Clamd struct {
	Enabled      bool
	Socket       string
	Group        string
	MaxStream    int64
	Threads      int
	Idle         time.Duration
	IncompleteOK bool
}

// Control is [control].
type Control struct {
	Socket string
	Group  string
}

// Events is [events].
type Events struct {
	File    string
	MaxSize int64
	Keep    int
	Journal bool
	Metrics string
	Desktop bool
}

// Sweep is [sweep].
type Sweep struct {
	Quick []string
	Idle  bool
	CPU   int
}

// State is [state].
type State struct{ Dir string }
