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

// What is counted of the ways to look for a string, over two scans.
func TestProfileStrings(t *testing.T) {
	first, err := Compile(`
		rule texts { strings: $once = "marker" $none = "nowhere" $again = "mark" condition: $once and #again >= 0 or $none }
		rule words { strings: $w = "mark" fullword $n = "MARKER" nocase condition: #w > 0 and #n > 0 }
		rule slow { strings: $ = /mar[a-z]e[a-z]/ condition: any of them }
		rule asleep { strings: $s = "marker mark" $t = "absent" condition: all of them }`)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Compile(`rule here { strings: $at = "a" $no = "b" condition: $at at 1 or $no at 1 } rule code { strings: $h = { 6D 61 ?? 6B } condition: #h == 3 }`)
	if err != nil {
		t.Fatal(err)
	}
	var p Profile
	scanner, err := NewScanner(Join(first, second), ScanConfig{Profile: &p})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := scanner.Scan(context.Background(), []byte("marker marker mark.")); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string][2]int{
		"texts $once": {2, 2}, "texts $none": {0, 0}, "texts $again": {6, 6}, "words $w": {6, 2}, "words $n": {4, 4},
		"slow $": {2, 2}, "asleep $s": {2, 2}, "asleep $t": {0, 0}, "here $at": {2, 2}, "here $no": {0, 0}, "code $h": {6, 6},
	}
	seen := 0
	for _, r := range p.Rules() {
		for _, s := range r.Strings {
			seen++
			if got := [2]int{s.Tried, s.Found}; s.Rule != r.Rule || got != want[r.Rule.Name+" "+s.Name] {
				t.Errorf("%s %s: tried and found %v, want %v", r.Rule.Name, s.Name, got, want[r.Rule.Name+" "+s.Name])
			}
		}
	}
	if seen < 8 {
		t.Errorf("%d strings of rules that were evaluated", seen)
	}
	all := p.Busiest(0)
	if len(all) != 8 || all[0].Tried != 6 || all[7].Tried != 2 || len(p.Busiest(3)) != 3 {
		t.Errorf("the busiest strings: %v", all)
	}
	if (&Profile{}).Busiest(0) != nil {
		t.Error("strings in an empty profile")
	}
}
