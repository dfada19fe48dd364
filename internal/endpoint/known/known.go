// Package known remembers what scanners said of files, so that a file that has
// not changed is not scanned again. The guard, scheduled scans and the mail
// socket share one Table. It keeps verdicts in memory only, opens no file, and
// never keeps one that another set of rules would have to give anew.
package known

import (
	"sync"
	"time"

	"vitrine/internal/endpoint/verdict"
)

// Config says how much is kept. The zero Config is ready to use.
type Config struct {
	// Most is how many files are kept, at most; 0 means 200,000. A clean file takes
	// about 100 bytes.
	Most int
	// Settle is how old the last change of a file must have been when its scan
	// began; 0 means 50 ms. The kernel's clock of changes stands still for some
	// milliseconds at a time: within them a file could change once more and look
	// the same.
	Settle time.Duration
	// Now is the clock that the change times of files go by; nil means time.Now.
	Now func() time.Time
}

// Table is what is known of files. It may be used by any number of goroutines.
type Table struct {
	config Config

	mu    sync.Mutex
	rules string
	young generation // takes what is put
	old   generation // is dropped when young is full
	stats Stats
}

// generation is one half of the table.
type generation struct {
	clean     map[verdict.File]int32 // objects looked at
	malicious map[verdict.File]verdict.Verdict
}

// Stats counts what a table was asked.
type Stats struct {
	Files int    `json:"files"` // kept now
	Hits  uint64 `json:"hits"`
	Asked uint64 `json:"asked"`
}

const (
	defaultMost   = 200_000
	defaultSettle = 50 * time.Millisecond
)

// New makes an empty Table, for no rules: it keeps nothing until Forget has said
// which rules are in use.
func New(c Config) *Table {
	if c.Most <= 0 {
		c.Most = defaultMost
	}
	if c.Settle <= 0 {
		c.Settle = defaultSettle
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Table{config: c, young: newGeneration(), old: newGeneration()}
}

func newGeneration() generation {
	return generation{map[verdict.File]int32{}, map[verdict.File]verdict.Verdict{}}
}

func (g generation) len() int { return len(g.clean) + len(g.malicious) }

// Get gives the verdict on a file in this very state, by the rules in use. Its
// Took is zero: nobody has looked now.
func (t *Table) Get(f verdict.File) (verdict.Verdict, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Asked++
	v, ok := t.young.get(f, t.rules)
	if !ok {
		if v, ok = t.old.get(f, t.rules); !ok {
			return v, false
		}
		t.keep(f, v) // what is asked for stays
	}
	t.stats.Hits++
	return v, true
}

func (g generation) get(f verdict.File, rules string) (verdict.Verdict, bool) {
	if objects, ok := g.clean[f]; ok {
		return verdict.Verdict{State: verdict.Clean, Size: f.Size, Objects: int(objects), Rules: rules}, true
	}
	v, ok := g.malicious[f]
	return v, ok
}

// Put keeps a verdict on a file as it was before its scan began. One that is
// neither Clean nor Malicious, that other rules have given, or on a file that
// changed right before, is not kept: the next who asks has it scanned.
func (t *Table) Put(f verdict.File, v verdict.Verdict) {
	began := t.config.Now().Add(-v.Took)
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case v.State != verdict.Clean && v.State != verdict.Malicious:
	case v.Rules == "" || v.Rules != t.rules:
	case began.Sub(time.Unix(0, f.Ctime)) < t.config.Settle:
	default:
		t.keep(f, v)
	}
}

// keep puts a verdict among the young, and nowhere else. Holding the lock.
func (t *Table) keep(f verdict.File, v verdict.Verdict) {
	t.drop(f)
	if t.young.len() >= t.config.Most/2 {
		t.old, t.young = t.young, newGeneration()
	}
	v.Took = 0
	if v.State == verdict.Clean {
		t.young.clean[f] = int32(min(v.Objects, 1<<31-1))
		return
	}
	t.young.malicious[f] = v
}

// Forget says which rules are in use from now on. When they are others than
// before, all verdicts are dropped.
func (t *Table) Forget(rules string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if rules == t.rules {
		return
	}
	t.rules, t.young, t.old = rules, newGeneration(), newGeneration()
}

// Drop drops the verdict on one file: it was allowed, or is no longer.
func (t *Table) Drop(f verdict.File) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop(f)
}

func (t *Table) drop(f verdict.File) {
	for _, g := range []generation{t.young, t.old} {
		delete(g.clean, f)
		delete(g.malicious, f)
	}
}

// Stats says how often a verdict was there.
func (t *Table) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.stats
	s.Files = t.young.len() + t.old.len()
	return s
}
