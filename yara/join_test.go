package yara

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func joined(t *testing.T) *Rules {
	a := mustCompile(t, Config{Externals: map[string]any{"level": 1}}, `rule a { strings: $x = "xyz" condition: $x or level > 5 } rule hidden { condition: false }`)
	b := mustCompile(t, Config{Externals: map[string]any{"name": "n"}}, `global rule g { condition: filesize > 2 } rule b { condition: name == "n" }`)
	c := mustCompile(t, Config{}, `rule a { strings: $y = "y" condition: $y }`)
	return Join(Join(a, b), c)
}

func TestJoin(t *testing.T) {
	r := joined(t)
	if r.Len() != 5 {
		t.Errorf("%d rules", r.Len())
	}
	for data, want := range map[string][]string{
		"":     {},
		"y":    {"a"}, // no rule of the second part, but its global rule is none of the third
		"xyz":  {"a", "g", "b", "a"},
		"none": {"g", "b"},
	} {
		if got := mustScan(t, r, ScanConfig{}, data).names(); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", data, got, want)
		}
	}
	if got := mustScan(t, r, ScanConfig{Matches: true}, "xyz").show(); !slices.Contains(got, "$y:1+1^0") {
		t.Errorf("got %q", got)
	}
	if one := mustCompile(t, Config{}, `rule a { condition: true }`); Join(one) != one {
		t.Error("one set is copied")
	}
	if got := mustScan(t, Join(), ScanConfig{}, "x").names(); len(got) != 0 {
		t.Errorf("no set finds %q", got)
	}
	if _, err := r.MarshalBinary(); err == nil {
		t.Error("a joined set is written")
	}
}

func TestJoinedExternals(t *testing.T) {
	r := joined(t)
	if got := mustScan(t, r, ScanConfig{Externals: map[string]any{"level": 9, "name": "m"}}, "none").names(); !slices.Equal(got, []string{"a", "g"}) {
		t.Errorf("got %q", got)
	}
	for _, bad := range []map[string]any{{"levels": 1}, {"level": "high"}} {
		if _, err := NewScanner(r, ScanConfig{Externals: bad}); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
	s, err := NewScanner(r, ScanConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetExternals(map[string]any{"level": 9}); err != nil {
		t.Error(err)
	}
	if err := s.SetExternals(map[string]any{"levels": 9}); err == nil || !strings.Contains(err.Error(), "levels") {
		t.Errorf("an unknown variable: %v", err)
	}
	if got, _ := s.Scan(context.Background(), []byte("none")); !slices.Equal(got.names(), []string{"a", "g", "b"}) {
		t.Errorf("got %q", got.names())
	}
}

// TestJoinedTime: the parts share the time of a scan.
func TestJoinedTime(t *testing.T) {
	now := time.Unix(0, 0)
	tick := func() time.Time { now = now.Add(time.Second); return now }
	s, err := NewScanner(joined(t), ScanConfig{Timeout: 4 * time.Second, Now: tick})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Scan(context.Background(), []byte("xyz")); !errors.Is(err, ErrTimeout) {
		t.Errorf("every part takes all the time: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Scan(ctx, []byte("xyz")); !errors.Is(err, context.Canceled) {
		t.Errorf("the context has ended: %v", err)
	}
}
