package moduletest

import "testing"

// Check evaluates paths and compares them with the values they must have, as
// Show writes them. Each case is a path and its value.
func Check(t *testing.T, s *Scan, cases [][2]string) {
	t.Helper()
	for _, c := range cases {
		if got := s.Eval(c[0]); got != c[1] {
			t.Errorf("%s.%s = %s, want %s", s.Module.Name, c[0], got, c[1])
		}
	}
}
