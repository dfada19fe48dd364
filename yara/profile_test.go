package yara

import (
	"context"
	"testing"
	"time"
)

func TestProfile(t *testing.T) {
	rules, err := Compile(`
		rule asleep { strings: $a = "not there" condition: $a }
		rule awake { strings: $a = "marker" condition: $a }
		rule vain { strings: $a = "marker" condition: $a at 100 or #a > 5 }`)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(0, 0)
	var p Profile
	scanner, err := NewScanner(rules, ScanConfig{Profile: &p, Now: func() time.Time { now = now.Add(time.Second); return now }})
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{"a marker", "nothing", "marker marker"} {
		if _, err := scanner.Scan(context.Background(), []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	counts := map[string]RuleProfile{}
	for _, r := range p.Rules() {
		if r.Time < time.Duration(r.Candidates)*time.Second {
			t.Errorf("%s: %v for %d", r.Rule.Name, r.Time, r.Candidates)
		}
		counts[r.Rule.Name] = r
	}
	if a := counts["awake"]; a.Candidates != 2 || a.Matches != 2 {
		t.Errorf("awake: %+v", a)
	}
	if v := counts["vain"]; v.Candidates < 2 || v.Matches != 0 {
		t.Errorf("vain: %+v", v)
	}
	if _, ok := counts["asleep"]; ok {
		t.Error("a rule whose string is not there was evaluated")
	}
}
