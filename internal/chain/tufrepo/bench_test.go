package tufrepo_test

import (
	"context"
	"testing"

	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tuf"
	"vitrine/internal/chain/web"
	"vitrine/internal/durable/durabletest"
)

// Each refreshes over HTTP from what it has kept, with nothing new, and looks a
// target up: what a machine does several times a day.

func BenchmarkRefreshOurs(b *testing.B) {
	_, target, url, root := served(b, []byte("bundle"))
	at, err := web.New(url, 0)
	if err != nil {
		b.Fatal(err)
	}
	store, ctx := tuf.Store{Dir: durabletest.Dir(b)}, context.Background()
	for b.Loop() {
		c, err := tuf.New(tuf.Config{Store: store, Fetcher: site.Metadata{Site: site.Fetcher(at)}, Root: root, Now: now})
		if err == nil {
			err = c.Refresh(ctx)
		}
		if err == nil {
			_, err = c.Target(ctx, target)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRefreshGoTUF(b *testing.B) {
	_, target, url, root := served(b, []byte("bundle"))
	dir := durabletest.Dir(b)
	for b.Loop() {
		u := theirClient(b, url, dir, root)
		err := u.Refresh()
		if err == nil {
			_, err = u.GetTargetInfo(target)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
