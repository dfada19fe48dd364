package pattern

import (
	"bytes"
	"testing"
)

// TestStopEndsLongRuns: a run that takes many steps asks Stop, and ends cut
// when the answer is yes.
func TestStopEndsLongRuns(t *testing.T) {
	n, err := ParseRegexp([]byte(`(a?b?c?d?){40,60}x`), Flags{}, false)
	if err != nil {
		t.Fatal(err)
	}
	forward, err := Compile(n, Options{})
	if err != nil {
		t.Fatal(err)
	}
	reverse, err := Compile(n, Options{Reverse: true})
	if err != nil {
		t.Fatal(err)
	}
	data := bytes.Repeat([]byte("abcd"), 10000)
	asked := 0
	m := Machine{Stop: func() bool { asked++; return asked > 2 }}
	runs := map[string]func(){
		"Forward":  func() { m.Forward(forward, data, 0, 0) },
		"Search":   func() { m.Search(forward, data) },
		"All":      func() { m.All(forward, reverse, data, 0, len(data), 0, func(int, int) bool { return true }) },
		"Backward": func() { m.Backward(reverse, append(data, 'x'), len(data)+1, 0, func(int) bool { return true }) },
	}
	for name, run := range runs {
		asked = 0
		run()
		if asked == 0 {
			t.Errorf("%s never asked whether to stop", name)
		}
	}
	asked = 2
	if _, ok, cut := m.Forward(forward, data, 0, 0); ok || !cut {
		t.Errorf("a stopped run answers ok %v, cut %v", ok, cut)
	}
}
