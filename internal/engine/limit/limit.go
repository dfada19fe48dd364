// Package limit holds the limits of a scan and the one budget that a whole
// tree of nested objects shares. It does no work of its own: whoever unpacks
// or reads asks here first, and stops when told to.
package limit

import (
	"fmt"
	"time"
)

// Limits bounds one scan of one object and all inside it. Zero fields mean
// the defaults given behind them.
type Limits struct {
	MaxObject int64         // bytes of one extracted member: 128 MiB
	MaxTotal  int64         // bytes extracted over the whole tree: 1 GiB
	MaxMemory int64         // bytes of extracted members held at one moment: 256 MiB
	MaxFiles  int           // members over the whole tree: 10,000
	MaxDepth  int           // containers inside containers: 16
	MaxRatio  int64         // extracted bytes per packed byte, once 16 MiB are out: 1,000
	MaxDict   int64         // dictionary or window of a decompressor: 64 MiB
	MaxTime   time.Duration // 120 s
}

// RatioFloor is how many bytes come out before MaxRatio counts: small files
// of zeros are common and harmless.
const RatioFloor = 16 << 20

// Filled returns the limits with the defaults in place of zeros.
func (l Limits) Filled() Limits {
	fill := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	fill(&l.MaxObject, 128<<20)
	fill(&l.MaxTotal, 1<<30)
	fill(&l.MaxMemory, 256<<20)
	fill(&l.MaxRatio, 1000)
	fill(&l.MaxDict, 64<<20)
	if l.MaxFiles == 0 {
		l.MaxFiles = 10_000
	}
	if l.MaxDepth == 0 {
		l.MaxDepth = 16
	}
	if l.MaxTime == 0 {
		l.MaxTime = 120 * time.Second
	}
	return l
}

// Validate tells which field cannot be meant. Only negative values and a
// nesting deeper than 1,000 are refused; zeros are defaults.
func (l Limits) Validate() error {
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"MaxObject", l.MaxObject}, {"MaxTotal", l.MaxTotal}, {"MaxMemory", l.MaxMemory},
		{"MaxFiles", int64(l.MaxFiles)}, {"MaxDepth", int64(l.MaxDepth)},
		{"MaxRatio", l.MaxRatio}, {"MaxDict", l.MaxDict}, {"MaxTime", int64(l.MaxTime)},
	} {
		if f.value < 0 {
			return fmt.Errorf("limits: %s is negative", f.name)
		}
	}
	if l.MaxDepth > 1000 {
		return fmt.Errorf("limits: MaxDepth %d is more than 1000", l.MaxDepth)
	}
	return nil
}

// Reason is a stable word for why something is incomplete.
type Reason string

// The reasons.
const (
	Size      Reason = "size"       // MaxObject, MaxTotal or MaxMemory
	Files     Reason = "files"      // MaxFiles
	Depth     Reason = "depth"      // MaxDepth
	Ratio     Reason = "ratio"      // MaxRatio
	Dict      Reason = "dictionary" // MaxDict
	Time      Reason = "time"       // MaxTime, or the caller's deadline
	Cancelled Reason = "cancelled"  // the caller gave up
	Encrypted Reason = "encrypted"  // no password fits
	Damaged   Reason = "damaged"    // truncated or malformed
	Overlap   Reason = "overlap"    // members that share packed bytes
	Cycle     Reason = "cycle"      // a container inside itself
	Method    Reason = "method"     // a compression method nobody here reads
	Panic     Reason = "panic"      // a parser failed; contained to the object
	Rules     Reason = "rules"      // a limit of the rule matcher
	Changed   Reason = "changed"    // the file changed while it was read
)
