package policy_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"vitrine/proof"
	"vitrine/proof/policy"
	"vitrine/proof/prooftest"
)

const origin = "log.example/av1"

// drawPolicy makes a policy of some witnesses in groups of groups, by taking
// names from a pool until one is left.
func drawPolicy(t *rapid.T) (string, []*prooftest.Witness) {
	text := "log " + prooftest.NewLog(origin).VKey + "\n"
	var witnesses []*prooftest.Witness
	var pool []string
	for i := range rapid.IntRange(1, 7).Draw(t, "witnesses") {
		w := prooftest.NewWitness(fmt.Sprintf("w%d.example", i))
		text += fmt.Sprintf("witness w%d %s\n", i, w.VKey)
		witnesses, pool = append(witnesses, w), append(pool, fmt.Sprintf("w%d", i))
	}
	for i := 0; len(pool) > 1; i++ {
		n := rapid.IntRange(1, len(pool)).Draw(t, "members")
		members := rapid.Permutation(pool).Draw(t, "order")[:n]
		k := rapid.SampledFrom([]string{"any", "all", fmt.Sprint(rapid.IntRange(1, n).Draw(t, "k"))}).Draw(t, "threshold")
		name := fmt.Sprintf("g%d", i)
		text += fmt.Sprintf("group %s %s %s\n", name, k, strings.Join(members, " "))
		pool = slices.DeleteFunc(pool, func(s string) bool { return slices.Contains(members, s) })
		if pool = append(pool, name); n == 1 && i > 8 {
			break
		}
	}
	return text + "quorum " + pool[len(pool)-1] + "\n", witnesses
}

// Fresh is what its comment says: the newest time T such that the cosignatures
// at T or later are enough by themselves.
func TestFreshIsTheNewestSufficientTime(t *testing.T) {
	log := prooftest.NewLog(origin)
	log.AppendNumbered(3)
	now := prooftest.Now()
	rapid.Check(t, func(t *rapid.T) {
		text, witnesses := drawPolicy(t)
		p, err := policy.Parse([]byte(text))
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		var signers []*prooftest.Witness
		for _, w := range witnesses {
			if rapid.IntRange(0, 3).Draw(t, "cosigns") > 0 {
				w.Time = now.Add(-time.Duration(rapid.IntRange(-15, 20).Draw(t, "age")) * time.Minute)
				signers = append(signers, w)
			}
		}
		satisfied := func(since time.Time) bool {
			var some []note.Signer
			for _, w := range signers {
				if !w.Time.Before(since) {
					some = append(some, w)
				}
			}
			_, err := p.Verify(log.Sign(log.Checkpoint(3), some...), now)
			if err != nil && !errors.Is(err, policy.ErrNotEnough) {
				t.Fatal(err)
			}
			return err == nil
		}
		var all []note.Signer
		for _, w := range signers {
			all = append(all, w)
		}
		v, err := p.Verify(log.Sign(log.Checkpoint(3), all...), now)
		if err != nil {
			if satisfied(time.Time{}) {
				t.Fatalf("refused and satisfied: %v", err)
			}
			return
		}
		if !satisfied(v.Fresh) || satisfied(v.Fresh.Add(time.Second)) {
			t.Fatalf("fresh %v is not the newest sufficient time of\n%s", v.Fresh, text)
		}
	})
}

func TestEncodeIsReadAsTheSamePolicy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, _ := drawPolicy(t)
		p, err := policy.Parse([]byte("# comment\n\n" + strings.ReplaceAll(text, " ", " \t")))
		if err != nil {
			t.Fatal(err)
		}
		again, err := policy.Parse(p.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if string(again.Encode()) != string(p.Encode()) || again.Quorum != p.Quorum || len(again.Witnesses) != len(p.Witnesses) || len(again.Groups) != len(p.Groups) {
			t.Fatalf("%s\nread again as\n%s", p.Encode(), again.Encode())
		}
	})
}

// More cosignatures never make it worse, fewer never better.
func TestVerifyIsMonotone(t *testing.T) {
	log := prooftest.NewLog(origin)
	rapid.Check(t, func(t *rapid.T) {
		text, witnesses := drawPolicy(t)
		p, err := policy.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		before := false
		var signers []note.Signer
		for i := -1; i < len(witnesses); i++ {
			if i >= 0 {
				signers = append(signers, witnesses[i])
			}
			_, err := p.Verify(log.Sign(log.Checkpoint(0), signers...), prooftest.Now())
			if before && err != nil {
				t.Fatalf("one more cosignature made it worse: %v", err)
			}
			before = err == nil
		}
		if !before {
			t.Fatal("all cosignatures are not enough")
		}
		if p.Quorum == "" {
			t.Fatal("no quorum")
		}
	})
}

func TestNotEnoughTellsWhoIsThere(t *testing.T) {
	log := prooftest.NewLog(origin)
	s, w := prooftest.NewWitness("s.example"), prooftest.NewWitness("w.example")
	p, err := policy.Parse([]byte("log " + log.VKey + "\nwitness S " + s.VKey + "\nwitness W " + w.VKey + " https://w.example\ngroup g all S W\nquorum g\n"))
	if err != nil {
		t.Fatal(err)
	}
	w.Time = prooftest.Now().Add(policy.MaxAhead + time.Second)
	v, err := p.Verify(log.Sign(log.Checkpoint(0), s, w), prooftest.Now())
	if !errors.Is(err, policy.ErrNotEnough) || v == nil || len(v.Cosigned) != 1 || v.Cosigned[0].Witness != "S" || len(v.Ignored) != 1 || v.Ignored[0].Witness != "W" {
		t.Fatalf("%+v, %v", v, err)
	}
	for _, want := range []string{origin, `"S"`, "quorum g (2 of", "ignored W", "ahead"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q says nothing of %q", err, want)
		}
	}
	if !v.Fresh.IsZero() {
		t.Errorf("fresh %v, expected none", v.Fresh)
	}
	if got, ok := p.Witness("W"); !ok || got.URL != "https://w.example" || got.VKey != w.VKey || p.Origin() != origin {
		t.Errorf("%+v, %v", got, ok)
	}
	if _, ok := p.Witness("g"); ok {
		t.Error("a group is found as a witness")
	}
}

func TestMLDSAHasItsOwnError(t *testing.T) {
	_, err := policy.Parse([]byte("witness W " + mldsaKey + "\n"))
	if !errors.Is(err, proof.ErrMLDSA) {
		t.Errorf("%v, expected ErrMLDSA", err)
	}
}

// A policy that nobody parsed is satisfied by nothing.
func TestZeroPolicyIsNeverSatisfied(t *testing.T) {
	log, w := prooftest.NewLog(origin), prooftest.NewWitness("w.example")
	if _, err := new(policy.Policy).Verify(log.Sign(log.Checkpoint(0), w), prooftest.Now()); err == nil {
		t.Error("the zero policy is satisfied")
	}
}

func TestErrorsNameTheLine(t *testing.T) {
	_, err := policy.Parse([]byte("# one\n\nquorum none\n"))
	if err == nil || !strings.Contains(err.Error(), "line 3") {
		t.Errorf("%v, expected the line", err)
	}
}

func FuzzParse(f *testing.F) {
	log, w, x := prooftest.NewLog(origin), prooftest.NewWitness("w.example"), prooftest.NewWitness("x.example")
	base := "log " + log.VKey + "\nwitness W " + w.VKey + "\nwitness X " + x.VKey + " https://x.example\n"
	for _, tail := range []string{
		"quorum W\n", "group g any W X\nquorum g\n", "group g all\nquorum g\n", "group g 0 W\nquorum g\n", "group g 2 W W\nquorum g\n",
		"quorum none\n", "quorum W\nquorum none\n", "group h any g\ngroup g any W\nquorum h\n", " # \t\nquorum\tW\n", "group any all any\n", "\x7f\n", "quorum W",
	} {
		f.Add([]byte(base + tail))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := policy.Parse(text)
		if err != nil {
			return
		}
		again, err := policy.Parse(p.Encode())
		if err != nil || string(again.Encode()) != string(p.Encode()) {
			t.Fatalf("%q: %v", p.Encode(), err)
		}
		// Whatever the text, no cosignature is never enough.
		if _, err := p.Verify(log.Sign(log.Checkpoint(0)), prooftest.Now()); err == nil {
			t.Fatalf("satisfied by nobody: %q", text)
		}
		// One key never satisfies a threshold of two.
		for _, g := range p.Groups {
			if g.Threshold < 1 || g.Threshold > len(g.Members) {
				t.Fatalf("group %+v", g)
			}
		}
	})
}

func FuzzVerify(f *testing.F) {
	log, w, x := prooftest.NewLog(origin), prooftest.NewWitness("w.example"), prooftest.NewWitness("x.example")
	log.AppendNumbered(4)
	p, err := policy.Parse([]byte("log " + log.VKey + "\nwitness W " + w.VKey + "\nwitness X " + x.VKey + "\ngroup g all W X\nquorum g\n"))
	if err != nil {
		f.Fatal(err)
	}
	good := log.Sign(log.Checkpoint(4), w, x)
	f.Add(good)
	f.Add(log.Sign(log.Checkpoint(4), w))
	f.Add(log.Sign(log.Checkpoint(0), x, w))
	text := log.Checkpoint(4).Text()
	f.Fuzz(func(t *testing.T, msg []byte) {
		v, err := p.Verify(msg, prooftest.Now())
		if err == nil && v.Checkpoint.Text() != text && v.Checkpoint.Text() != log.Checkpoint(0).Text() {
			t.Fatalf("a forgery: %q", msg)
		}
	})
}

// mldsaKey is a verifier key of type 0x06 and 1,312 zero bytes.
var mldsaKey = "w.example+77b17f8d+Bg" + strings.Repeat("A", 1749) + "="
