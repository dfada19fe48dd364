package log_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/check"
	"vitrine/internal/chain/log"
	"vitrine/internal/durable/durabletest"
	"vitrine/proof"
	"vitrine/proof/policy"

	"golang.org/x/mod/sumdb/tlog"
)

// other gives the world's policy with something changed.
func (w *world) other(t *testing.T, old, with string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse([]byte(strings.Replace(string(w.policy.Encode()), old, with, 1)))
	must(t, err)
	return p
}

// The tree's library asks each URL once: two witnesses behind one would be
// counted as two and asked as one.
func TestSharedURL(t *testing.T) {
	w := newWorld(t)
	cfg := w.config(durabletest.Dir(t))
	cfg.Policy = w.other(t, w.policy.Witnesses[2].URL, w.policy.Witnesses[0].URL)
	if l, err := log.Open(context.Background(), cfg); err == nil || !strings.Contains(err.Error(), "at the same URL") {
		t.Errorf("got %v", err)
		shut(t, l)
	}
}

// With a second policy no entry is published before both are satisfied, and
// what was published before is cosigned anew at the start.
func TestTwoPolicies(t *testing.T) {
	w, dir := newWorld(t), durabletest.Dir(t)
	l := w.open(t, dir)
	first := bundle(t, "core", 1, tlog.Hash{}, "alice")
	add(t, l, first)
	shut(t, l)
	cfg := w.config(dir)
	cfg.Next = w.other(t, "enough 2 ", "enough all ")
	l, err := log.Open(context.Background(), cfg)
	must(t, err)
	defer shut(t, l)
	second := bundle(t, "core", 2, proof.LeafHash(first), "alice")
	for _, leaf := range [][]byte{first, second} {
		r, err := check.InLog(cfg.Next, check.Claim{Leaf: leaf, Proof: add(t, l, leaf)}, time.Now())
		if err != nil || len(r.Verified.Cosigned) != 3 {
			t.Errorf("%+v, %v", r, err)
		}
	}
	w.lost[1].Store(true)
	defer w.lost[1].Store(false) // or the log could not end in order
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if _, err := l.Add(ctx, bundle(t, "core", 3, proof.LeafHash(second), "alice")); err == nil {
		t.Error("published with what the first policy asks for alone")
	}
}

func TestNextPolicyOfAnother(t *testing.T) {
	w, other := newWorld(t), newWorld(t)
	cfg := w.config(durabletest.Dir(t))
	text := strings.Replace(string(other.policy.Encode()), "log log.example/av1+", "log log.example/av9+", 1)
	if next, err := policy.Parse([]byte(text)); err == nil {
		cfg.Next = next
		if _, err := log.Open(context.Background(), cfg); err == nil {
			t.Error("a policy of another log was taken")
		}
	}
}

// A witness of the next policy that is not there keeps the log from being ready.
func TestNextPolicyNotSatisfied(t *testing.T) {
	w, dir := newWorld(t), durabletest.Dir(t)
	shut(t, w.open(t, dir))
	cfg := w.config(dir)
	cfg.Timeout = 100 * time.Millisecond
	cfg.Next = w.other(t, "enough 2 ", "enough all ")
	w.servers[0].Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if _, err := log.Open(ctx, cfg); !errors.Is(err, log.ErrNoCheckpoint) {
		t.Errorf("got %v", err)
	}
}
