package check_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/chaintest"
	"vitrine/internal/chain/check"
	"vitrine/proof"
	"vitrine/proof/policy"
	"vitrine/proof/statement"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

var file = sha256.Sum256([]byte("a bundle"))

const target = "rules/core/000001.bundle"

func authors(names ...string) check.Authors {
	a := check.Authors{Threshold: 2}
	for _, name := range names {
		a.Keys = append(a.Keys, chaintest.Author(name).Key())
	}
	return a
}

// bundleLeaf is an entry about file, signed by authors.
func bundleLeaf(t *testing.T, names ...string) []byte {
	t.Helper()
	var signers []statement.Signer
	for _, name := range names {
		signers = append(signers, chaintest.Author(name))
	}
	leaf, err := statement.Sign(statement.Statement{
		Subject: []statement.Subject{{Name: target, SHA256: file}},
		Predicate: statement.RuleBundle{
			Channel: "core", Serial: 1, Size: 8, Source: statement.Source{Repo: "https://example.org/rules", Commit: strings.Repeat("a", 40)},
			Review: []string{"reviewers"}, NotBefore: now.Add(-time.Hour), Expires: now.Add(time.Hour), EngineMin: "0.1.0",
		},
	}, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return leaf
}

func TestLogged(t *testing.T) {
	l := chaintest.New(t, now)
	l.Append([]byte("something else"))
	leaf := bundleLeaf(t, "alice", "bob")
	index := l.Append(leaf)
	l.Append([]byte("a third"))
	c := check.Claim{Leaf: leaf, Proof: l.Proof(index, 3)}
	r, err := check.Logged(l.Policy(), authors("alice", "bob", "carol"), c, now)
	if err != nil {
		t.Fatal(err)
	}
	if r.Index != 1 || len(r.SignedBy) != 2 || len(r.Verified.Cosigned) != 2 || !r.Verified.Fresh.Equal(now) || r.Leaf != proof.LeafHash(leaf) {
		t.Errorf("got %+v", r)
	}
	b, err := r.RuleBundle("core")
	if err != nil || r.Speaks(target, file) != nil || check.InForce(b, now) != nil {
		t.Errorf("%v, %v, %v", err, r.Speaks(target, file), check.InForce(b, now))
	}
	if r.Speaks(target, sha256.Sum256(nil)) == nil || r.Speaks("rules/core/000002.bundle", file) == nil {
		t.Error("speaks of another file")
	}
	if _, err := r.RuleBundle("urgent"); err == nil {
		t.Error("of another channel")
	}
	if err := check.InForce(b, now.Add(2*time.Hour)); !errors.Is(err, check.ErrTooOld) {
		t.Error(err)
	}
	if err := check.InForce(b, now.Add(-2*time.Hour)); !errors.Is(err, check.ErrNotYet) {
		t.Error(err)
	}
}

func TestRefused(t *testing.T) {
	l, other := chaintest.New(t, now), chaintest.New(t, now)
	l.Append([]byte("something else"))
	leaf := bundleLeaf(t, "alice", "bob")
	l.Append(leaf)
	other.Append([]byte("another history"))
	other.Append(bundleLeaf(t, "alice", "carol"))
	good := check.Claim{Leaf: leaf, Proof: l.Proof(1, 2)}
	foreign, err := policy.Parse(bytes.ReplaceAll(l.PolicyText(), []byte("group enough 2 W1 W2 W3\nquorum enough"), []byte("group others any W1 W2\ngroup both all others W3\nquorum both")))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		policy  *policy.Policy
		authors check.Authors
		claim   check.Claim
		now     time.Time
		want    string
	}{
		"not in the log":      {claim: check.Claim{Leaf: bundleLeaf(t, "alice", "carol"), Proof: good.Proof}, want: "the proof"},
		"not witnessed":       {claim: check.Claim{Leaf: leaf, Proof: l.Proof(1, 2, "W1")}, want: "not enough cosignatures"},
		"supervisor missing":  {policy: foreign, want: "not enough cosignatures"},
		"another history":     {claim: check.Claim{Leaf: leaf, Proof: other.Proof(1, 2)}, want: "the proof"},
		"wrong index":         {claim: check.Claim{Leaf: leaf, Proof: bytes.Replace(good.Proof, []byte("index 1"), []byte("index 0"), 1)}, want: "the proof"},
		"index beyond tree":   {claim: check.Claim{Leaf: leaf, Proof: bytes.Replace(good.Proof, []byte("index 1"), []byte("index 7"), 1)}, want: "the proof"},
		"one author":          {claim: claim(t, l, bundleLeaf(t, "alice")), want: "1"},
		"author nobody knows": {claim: claim(t, l, bundleLeaf(t, "alice", "mallory")), want: "1"},
		"no keys":             {authors: check.Authors{Threshold: 1}, want: "the entry of the log"},
		"threshold 0":         {authors: check.Authors{Keys: authors("alice").Keys}, want: "the entry of the log"},
		"cosigned tomorrow":   {now: now.Add(-24 * time.Hour), want: "not enough cosignatures"},
		"no statement":        {claim: claim(t, l, []byte("{}")), want: "the entry of the log"},
		"too large":           {claim: check.Claim{Leaf: make([]byte, statement.MaxLeaf+1), Proof: good.Proof}, want: "is the most"},
		"no proof":            {claim: check.Claim{Leaf: leaf}, want: "the proof"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.policy == nil {
				c.policy = l.Policy()
			}
			if c.authors.Threshold == 0 && c.authors.Keys == nil {
				c.authors = authors("alice", "bob", "carol")
			}
			if c.claim.Leaf == nil {
				c.claim = good
			}
			if c.now.IsZero() {
				c.now = now
			}
			if _, err := check.Logged(c.policy, c.authors, c.claim, c.now); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// claim puts a leaf into the log.
func claim(t *testing.T, l *chaintest.Log, leaf []byte) check.Claim {
	t.Helper()
	index := l.Append(leaf)
	return check.Claim{Leaf: leaf, Proof: l.Proof(index, l.Size())}
}
