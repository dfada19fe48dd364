package limit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestFilledKeepsWhatIsSet(t *testing.T) {
	got := Limits{MaxObject: 7, MaxTime: time.Second}.Filled()
	if got.MaxObject != 7 || got.MaxTime != time.Second {
		t.Errorf("set fields changed: %+v", got)
	}
	want := Limits{7, 1 << 30, 256 << 20, 10_000, 16, 1000, 64 << 20, time.Second}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		limits Limits
		want   string
	}{
		{Limits{}, ""},
		{Limits{}.Filled(), ""},
		{Limits{MaxObject: -1}, "MaxObject is negative"},
		{Limits{MaxTotal: -1}, "MaxTotal is negative"},
		{Limits{MaxMemory: -1}, "MaxMemory is negative"},
		{Limits{MaxFiles: -1}, "MaxFiles is negative"},
		{Limits{MaxDepth: -1}, "MaxDepth is negative"},
		{Limits{MaxRatio: -1}, "MaxRatio is negative"},
		{Limits{MaxDict: -1}, "MaxDict is negative"},
		{Limits{MaxTime: -1}, "MaxTime is negative"},
		{Limits{MaxDepth: 1001}, "more than 1000"},
	}
	for _, tt := range tests {
		err := tt.limits.Validate()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: got %v, want %q", tt.limits, err, tt.want)
		}
	}
}

// begin makes a budget that has started a tree of 1,000 packed bytes.
func begin(l Limits) *Budget {
	b := NewBudget(Config{Limits: l})
	b.Begin(context.Background(), 1000)
	return b
}

func wantReason(t *testing.T, err error, r Reason, final bool) {
	t.Helper()
	e := Of(err)
	if e == nil || e.Reason != r || Final(err) != final {
		t.Errorf("got %v (final %v), want reason %s, final %v", err, Final(err), r, final)
	}
}

func TestSpendTotal(t *testing.T) {
	b := begin(Limits{MaxTotal: 100})
	if err := b.Spend(100); err != nil {
		t.Fatal(err)
	}
	if b.Left() != 0 || b.Total() != 100 {
		t.Errorf("left %d, total %d", b.Left(), b.Total())
	}
	wantReason(t, b.Spend(1), Size, true)
	wantReason(t, b.Check(), Size, true)
	wantReason(t, b.AddFile(), Size, true)
	b.Begin(context.Background(), 1)
	if err := b.Check(); err != nil {
		t.Errorf("a new tree inherits the stop: %v", err)
	}
}

func TestSpendRatio(t *testing.T) {
	b := begin(Limits{})
	if err := b.Spend(RatioFloor); err != nil {
		t.Fatalf("below the floor: %v", err)
	}
	wantReason(t, b.Spend(1), Ratio, true)

	b = begin(Limits{})
	b.Begin(context.Background(), 0)
	wantReason(t, b.Spend(RatioFloor+1), Ratio, true)
}

func TestAddFile(t *testing.T) {
	b := begin(Limits{MaxFiles: 2})
	for range 2 {
		if err := b.AddFile(); err != nil {
			t.Fatal(err)
		}
	}
	if b.FilesLeft() != 0 {
		t.Errorf("left %d", b.FilesLeft())
	}
	wantReason(t, b.AddFile(), Files, true)
}

func TestHoldAndCollect(t *testing.T) {
	collected := 0
	b := NewBudget(Config{Limits: Limits{MaxMemory: 100, MaxDict: 60}, Collect: func() { collected++ }})
	if err := b.Hold(70); err != nil {
		t.Fatal(err)
	}
	wantReason(t, b.Hold(31), Size, false)
	wantReason(t, b.Hold(-1), Size, false)
	b.Release(70)
	if err := b.Hold(20); err != nil || collected != 0 {
		t.Errorf("70 released and 20 held fit in 100: %v, collected %d", err, collected)
	}
	if err := b.Hold(20); err != nil || collected != 1 {
		t.Errorf("110 bytes of garbage and use: %v, collected %d", err, collected)
	}
	b.Release(1000)
	if b.Held() != 0 {
		t.Errorf("held %d after releasing too much", b.Held())
	}
	wantReason(t, b.Dictionary(61), Dict, false)
	if err := b.Dictionary(60); err != nil {
		t.Error(err)
	}
}

func TestTimeByClock(t *testing.T) {
	now := time.Unix(0, 0)
	b := NewBudget(Config{Limits: Limits{MaxTime: time.Second}, Now: func() time.Time { return now }})
	b.Begin(context.Background(), 1)
	now = now.Add(time.Second - 1)
	if err := b.Check(); err != nil {
		t.Fatal(err)
	}
	now = now.Add(1)
	wantReason(t, b.Check(), Time, true)
	now = time.Unix(0, 0)
	wantReason(t, b.Spend(1), Time, true)
}

func TestTimeByContext(t *testing.T) {
	past, cancel := context.WithDeadline(context.Background(), time.Unix(1, 0))
	defer cancel()
	b := NewBudget(Config{})
	b.Begin(past, 1)
	wantReason(t, b.Check(), Time, true)

	gone, cancel := context.WithCancel(context.Background())
	cancel()
	b.Begin(gone, 1)
	wantReason(t, b.Check(), Cancelled, true)
}

func TestOf(t *testing.T) {
	if Of(nil) != nil {
		t.Error("nil became an error")
	}
	plain := Of(errors.New("odd byte"))
	if plain.Reason != Damaged || plain.Detail != "odd byte" || plain.Final {
		t.Errorf("got %+v", plain)
	}
	wrapped := fmt.Errorf("entry 3: %w", Errorf(Method, "method %d", 6))
	if e := Of(wrapped); e.Reason != Method || e.Detail != "method 6" {
		t.Errorf("got %+v", e)
	}
	if got := Of(wrapped).Error(); got != "method: method 6" {
		t.Errorf("got %q", got)
	}
}
