package chaincmd

import (
	"errors"
	"testing"

	"vitrine/internal/chain/fsck"
	"vitrine/internal/chain/site"
	"vitrine/internal/cli/term"
	"vitrine/proof/statement"
)

func TestSpeaksOf(t *testing.T) {
	subject := []statement.Subject{{Name: "release/1.0.0/vitrine"}}
	release := statement.Statement{Subject: subject, Predicate: statement.Release{Version: "1.0.0", SBOM: []statement.Subject{{Name: "release/1.0.0/vitrine.cdx.json"}}}}
	rebuild := statement.Statement{Subject: subject, Predicate: statement.Rebuild{Version: "1.0.0", Rebuilder: "ab"}}
	for _, c := range []struct {
		s    statement.Statement
		name string
		want bool
	}{
		{release, "release/1.0.0/release", true},
		{release, "release/1.0.0/vitrine", true},
		{release, "release/1.0.0/vitrine.cdx.json", true},
		{release, "release/1.0.0/other", false},
		{release, "release/1.0.1/release", false},
		{rebuild, "rebuild/1.0.0/ab", true},
		{rebuild, "release/1.0.0/vitrine", false}, // it is of what the rebuilder got
	} {
		if got := speaksOf(c.s, c.name); got != c.want {
			t.Errorf("%s speaks of %s: %v", c.s.Predicate.Type(), c.name, got)
		}
	}
}

// What could not be read is no answer; what is wrong is, whatever else could not
// be read.
func TestVerdict(t *testing.T) {
	down := fsck.Problem{File: "tile/0/000", Kind: fsck.Unreadable, Err: errors.New("down")}
	large := fsck.Problem{File: "tile/0/000", Kind: fsck.Unreadable, Err: site.ErrTooLarge}
	wrong := fsck.Problem{File: "tile/0/001", Kind: fsck.Damaged, Err: errors.New("wrong")}
	for _, c := range []struct {
		r    fsck.Report
		end  error
		want term.Code
	}{
		{fsck.Report{}, nil, 0},
		{fsck.Report{Problems: []fsck.Problem{wrong}}, nil, 1},
		{fsck.Report{Problems: []fsck.Problem{down, wrong}}, fsck.ErrEnough, 1},
		{fsck.Report{Problems: []fsck.Problem{large}}, nil, 1},
		{fsck.Report{Unchecked: 1}, nil, 1},
		{fsck.Report{Problems: []fsck.Problem{down}, Unchecked: 1}, nil, 2},
		{fsck.Report{Problems: []fsck.Problem{down}}, fsck.ErrEnough, 2},
	} {
		if got := term.Exit(verdict(&c.r, c.end)); got != c.want {
			t.Errorf("%+v, %v: %d, expected %d", c.r.Problems, c.end, got, c.want)
		}
	}
}
