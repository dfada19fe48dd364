package limit

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Config is what a Budget is made of.
type Config struct {
	Limits Limits
	// Now is a monotonic clock. Nil leaves time to the context's deadline.
	Now func() time.Time
	// Collect frees memory that was released but is not yet collected. Held
	// and released bytes together stay within MaxMemory because of it; nil
	// leaves that to the collector's own pace.
	Collect func()
}

// Budget is what is left of the limits for one tree of objects. It belongs to
// one goroutine. Begin starts each tree.
type Budget struct {
	limits  Limits
	now     func() time.Time
	collect func()

	ctx     context.Context
	end     time.Time
	packed  int64
	total   int64
	files   int
	held    int64
	garbage int64
	stopped error // the first Final error; every later question gets it too
}

// NewBudget makes a Budget; Limits are filled with defaults.
func NewBudget(c Config) *Budget {
	return &Budget{limits: c.Limits.Filled(), now: c.Now, collect: c.Collect, ctx: context.Background()}
}

// Begin starts a tree whose outermost object has packed bytes. Memory still
// held from the last tree stays counted.
func (b *Budget) Begin(ctx context.Context, packed int64) {
	b.ctx, b.packed = ctx, packed
	b.total, b.files, b.stopped = 0, 0, nil
	if b.now != nil {
		b.end = b.now().Add(b.limits.MaxTime)
	}
}

// Limits returns the limits with defaults filled in.
func (b *Budget) Limits() Limits { return b.limits }

// Context is that of the tree being scanned.
func (b *Budget) Context() context.Context { return b.ctx }

// Total is the number of bytes spent on this tree.
func (b *Budget) Total() int64 { return b.total }

// Held is the number of bytes held now.
func (b *Budget) Held() int64 { return b.held }

func (b *Budget) stop(r Reason, format string, args ...any) error {
	if b.stopped == nil {
		b.stopped = &Error{Reason: r, Detail: fmt.Sprintf(format, args...), Final: true}
	}
	return b.stopped
}

// Check returns a Final error when time is up or the caller gave up, and
// again ever after in this tree.
func (b *Budget) Check() error {
	if b.stopped != nil {
		return b.stopped
	}
	if err := b.ctx.Err(); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return b.stop(Time, "the time limit has passed")
		}
		return b.stop(Cancelled, "the scan was cancelled")
	}
	if b.now != nil && !b.now().Before(b.end) {
		return b.stop(Time, "the time limit of %v has passed", b.limits.MaxTime)
	}
	return nil
}

// Spend counts n extracted bytes. The error is Final: MaxTotal, MaxRatio over
// the tree, or what Check says.
func (b *Budget) Spend(n int64) error {
	if err := b.Check(); err != nil {
		return err
	}
	b.total += n
	if b.total > b.limits.MaxTotal {
		return b.stop(Size, "more than %d bytes unpacked in all", b.limits.MaxTotal)
	}
	if b.Exceeds(b.total, b.packed) {
		return b.stop(Ratio, "%d bytes unpacked from %d, more than %d to 1", b.total, b.packed, b.limits.MaxRatio)
	}
	return nil
}

// Left is how many bytes Spend still allows before MaxTotal.
func (b *Budget) Left() int64 { return max(b.limits.MaxTotal-b.total, 0) }

// Exceeds tells whether out bytes from packed ones are more than MaxRatio
// allows, once RatioFloor bytes are out.
func (b *Budget) Exceeds(out, packed int64) bool {
	return out > RatioFloor && out/max(packed, 1) > b.limits.MaxRatio
}

// AddFile counts one member. The error is Final.
func (b *Budget) AddFile() error {
	if err := b.Check(); err != nil {
		return err
	}
	if b.files >= b.limits.MaxFiles {
		return b.stop(Files, "more than %d members", b.limits.MaxFiles)
	}
	b.files++
	return nil
}

// FilesLeft is how many members AddFile still allows.
func (b *Budget) FilesLeft() int { return b.limits.MaxFiles - b.files }

// Hold counts n bytes of memory as in use, or refuses them with the reason
// Size. The refusal concerns the one object that asked.
func (b *Budget) Hold(n int64) error {
	if n < 0 || n > b.limits.MaxMemory-b.held {
		return Errorf(Size, "needs %d bytes of memory, of %d only %d are free", n, b.limits.MaxMemory, b.limits.MaxMemory-b.held)
	}
	if b.held+b.garbage+n > b.limits.MaxMemory && b.collect != nil {
		b.collect()
		b.garbage = 0
	}
	b.held += n
	return nil
}

// Release gives n held bytes back; the memory must be out of use.
func (b *Budget) Release(n int64) {
	n = min(n, b.held)
	b.held -= n
	b.garbage += n
}

// Dictionary holds n bytes for a decompressor's window, at most MaxDict.
func (b *Budget) Dictionary(n int64) error {
	if n > b.limits.MaxDict {
		return Errorf(Dict, "needs a dictionary of %d bytes, %d are allowed", n, b.limits.MaxDict)
	}
	return b.Hold(n)
}
