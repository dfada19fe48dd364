package publish_test

import (
	"context"
	"testing"
	"time"

	"vitrine/internal/chain/operator/operatortest"
	"vitrine/internal/chain/publish"
	"vitrine/internal/durable/durabletest"
	"vitrine/proof"
)

// Whenever the operator's power goes, machines find a whole and proved bundle on
// the site, and publishing again leaves no gap in the channel and no entry twice.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	w := operatortest.New(t, time.Now)
	publishOnce := func(cut *durabletest.PowerCut) error {
		p := &publish.Publisher{Operator: w.Folder, Log: w.Log, Now: time.Now(), Disk: cut.Disk()}
		_, err := p.Rules(context.Background(), rules(good))
		return err
	}
	whole := func() *durabletest.PowerCut { return &durabletest.PowerCut{At: 1 << 30} }
	must(t, publishOnce(whole()))
	for at := 0; ; at++ {
		before, _ := checked(t, w, "rules-core")
		cut := &durabletest.PowerCut{At: at}
		err := publishOnce(cut)
		cut.Lose(at%2 == 0)
		after, _ := checked(t, w, "rules-core")
		if got := after.Manifest.Serial - before.Manifest.Serial; got != 1 && (err == nil || got != 0) {
			t.Fatalf("cut before step %d (%v): bundle %d follows %d", at, err, after.Manifest.Serial, before.Manifest.Serial)
		}
		must(t, publishOnce(whole()))
		last, _ := checked(t, w, "rules-core")
		if size := entries(t, w); size != last.Manifest.Serial {
			t.Fatalf("cut before step %d: %d entries for %d bundles", at, size, last.Manifest.Serial)
		}
		if cut.Steps <= at {
			t.Logf("%d steps", at)
			return
		}
	}
}

// entries is the size of the log.
func entries(t *testing.T, w *operatortest.World) int64 {
	t.Helper()
	p, err := w.Folder.Policy()
	must(t, err)
	data, err := w.Log.Checkpoint(context.Background())
	must(t, err)
	c, _, err := proof.OpenCheckpoint(data, p.Log.Verifier)
	must(t, err)
	return c.Size
}
