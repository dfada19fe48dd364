package module

import "testing"

func TestOnce(t *testing.T) {
	var o Once[int]
	calls := 0
	compute := func() int { calls++; return calls }
	if a, b := o.Get(compute), o.Get(compute); *a != 1 || a != b || calls != 1 {
		t.Errorf("got %d and %d by %d calls", *a, *b, calls)
	}
}

// A damaged file may have a part ask for itself while it is computed: what was
// computed last is kept.
func TestOnceKeepsTheLast(t *testing.T) {
	var o Once[string]
	got := o.Get(func() string { return *o.Get(func() string { return "inner" }) + ", outer" })
	if *got != "inner, outer" || *o.Get(nil) != "inner, outer" {
		t.Errorf("got %q", *got)
	}
}
