package rulecheck

import "testing"

func TestSeverity(t *testing.T) {
	for _, s := range []Severity{Low, Medium, High} {
		if got, err := ParseSeverity(s.String()); got != s || err != nil {
			t.Errorf("%v: %v, %v", s, got, err)
		}
	}
	if _, err := ParseSeverity("worst"); err == nil {
		t.Error("worst is no severity")
	}
}

func TestSort(t *testing.T) {
	f := []Finding{{File: "b", Line: 1}, {File: "a", Line: 2, Col: 9}, {File: "a", Line: 2, Col: 3, Kind: Performance},
		{File: "a", Line: 2, Col: 3, Kind: Hunting}, {File: "a", Line: 1}}
	Sort(f)
	if f[0].Line != 1 || f[0].File != "a" || f[1].Kind != Hunting || f[2].Kind != Performance || f[3].Col != 9 || f[4].File != "b" {
		t.Errorf("got %+v", f)
	}
}
