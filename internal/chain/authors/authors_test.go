package authors_test

import (
	"fmt"
	"testing"
	"time"

	"vitrine/internal/chain/authors"
	"vitrine/internal/chain/operator/operatortest"
	"vitrine/proof/statement"
)

// Who must sign what, in a new operator's site.
func TestOf(t *testing.T) {
	w := operatortest.New(t, time.Now)
	c, err := w.Client(t)
	if err != nil {
		t.Fatal(err)
	}
	rebuilders, err := w.Folder.Signers(authors.Rebuilders)
	if err != nil {
		t.Fatal(err)
	}
	one := rebuilders[0].Key().ID
	for _, tt := range []struct {
		says      statement.Predicate
		keys      int
		threshold int
	}{
		{statement.RuleBundle{Channel: "core"}, 3, 2},
		{statement.RuleBundle{Channel: "urgent", Urgent: true}, 3, 2},
		{statement.RuleRevoke{Channel: "core"}, 3, 1},
		{statement.Release{}, 3, 2},
		{statement.Rebuild{Rebuilder: one}, 1, 1},
		{statement.Trust{File: statement.TrustPolicy}, 3, 2},
		{statement.Trust{File: statement.TrustRoot}, 5, 3},
		{statement.Deletion{}, 2, 1},
		{statement.Custody{}, 2, 1},
		{statement.Sharing{}, 2, 1},
		{statement.Relocation{}, 2, 1},
	} {
		name := fmt.Sprintf("%T", tt.says)
		a, err := authors.Of(c, statement.Statement{Predicate: tt.says})
		if err != nil || len(a.Keys) != tt.keys || a.Threshold != tt.threshold {
			t.Errorf("%s: %d of %d keys, %v; want %d of %d", name, a.Threshold, len(a.Keys), err, tt.threshold, tt.keys)
		}
	}
	for _, nobody := range []statement.Predicate{statement.RuleBundle{Channel: "none"}, statement.Rebuild{Rebuilder: "ab"}, nil} {
		if a, err := authors.Of(c, statement.Statement{Predicate: nobody}); err == nil {
			t.Errorf("%+v: %+v", nobody, a)
		}
	}
}
