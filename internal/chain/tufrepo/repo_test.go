package tufrepo_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/chaintest"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tuf"
	"vitrine/internal/chain/tufrepo"
	"vitrine/internal/durable/durabletest"
	"vitrine/proof/statement"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func role(name string, threshold, keys int, paths ...string) tufrepo.Role {
	r := tufrepo.Role{Name: name, Threshold: threshold, Paths: paths}
	for i := range keys {
		r.Keys = append(r.Keys, chaintest.Author(fmt.Sprint(name, i)).Key())
	}
	return r
}

func layout() tufrepo.Layout {
	return tufrepo.Layout{
		Root: role("root", 3, 5), Targets: role("targets", 2, 3), Snapshot: role("snapshot", 1, 1), Timestamp: role("timestamp", 1, 1),
		Delegated: []tufrepo.Role{role("rules-core", 2, 3, "rules/core/*"), role("releases", 2, 3, "release/*/*")},
	}
}

// signers signs with the first keys of a role.
func signers(name string) ([]statement.Signer, error) {
	var list []statement.Signer
	for i := range map[string]int{"root": 3, "snapshot": 1, "timestamp": 1, "targets": 2, "rules-core": 2, "releases": 2}[name] {
		list = append(list, chaintest.Author(fmt.Sprint(name, i)))
	}
	return list, nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func client(t *testing.T, dir, store string, at time.Time) *tuf.Client {
	t.Helper()
	files := site.Metadata{Site: site.Dir(dir)}
	anchor, err := files.Fetch(context.Background(), "1.root.json", 1<<20)
	must(t, err)
	c, err := tuf.New(tuf.Config{Store: tuf.Store{Dir: store}, Fetcher: files, Root: anchor, Now: at})
	must(t, err)
	return c
}

func TestOurClientReadsIt(t *testing.T) {
	dir, store, ctx := durabletest.Dir(t), durabletest.Dir(t), context.Background()
	repo := tufrepo.Repo{Site: dir, Now: now}
	must(t, repo.Init(layout(), signers))
	if err := repo.Init(layout(), signers); !errors.Is(err, tufrepo.ErrExists) {
		t.Errorf("a second time: %v", err)
	}
	c := client(t, dir, store, now)
	must(t, c.Refresh(ctx))
	r, err := c.Role("rules-core")
	if err != nil || r.Threshold != 2 || len(r.Keys) != 3 || r.Keys[0].ID != chaintest.Author("rules-core0").Key().ID {
		t.Errorf("%+v, %v", r, err)
	}
	for serial := range 3 {
		data := fmt.Append(nil, "bundle ", serial)
		must(t, repo.Publish("rules-core", []tufrepo.Target{{Path: site.RuleBundle("core", int64(serial)+1), SHA256: sha256.Sum256(data), Length: int64(len(data)), Custom: map[string]any{"index": serial}}}, signers))
		c := client(t, dir, store, now)
		must(t, c.Refresh(ctx))
		list, err := c.TargetsOf(ctx, "rules-core")
		if err != nil || len(list) != 1 || list[0].Check(data) != nil || string(list[0].Custom) != fmt.Sprintf(`{"index":%d}`, serial) {
			t.Errorf("%+v, %v", list, err)
		}
	}
	if err := repo.Publish("rules-none", nil, signers); err == nil || !strings.Contains(err.Error(), "no such role") {
		t.Errorf("got %v", err)
	}
}

// With a refresh each day nothing expires; without, the timestamp is the first.
func TestRefresh(t *testing.T) {
	dir, store, ctx := durabletest.Dir(t), durabletest.Dir(t), context.Background()
	repo := tufrepo.Repo{Site: dir, Now: now}
	must(t, repo.Init(layout(), signers))
	for day := range 40 {
		repo.Now = now.Add(time.Duration(day) * 23 * time.Hour)
		must(t, repo.Refresh(signers))
		c := client(t, dir, store, repo.Now.Add(23*time.Hour))
		must(t, c.Refresh(ctx))
		if _, err := c.TargetsOf(ctx, "rules-core"); err != nil {
			t.Fatal(err)
		}
	}
	if err := client(t, dir, store, repo.Now.Add(25*time.Hour)).Refresh(ctx); !errors.Is(err, tuf.ErrExpired) {
		t.Errorf("got %v", err)
	}
}

func TestRotate(t *testing.T) {
	dir, store, ctx := durabletest.Dir(t), durabletest.Dir(t), context.Background()
	repo := tufrepo.Repo{Site: dir, Now: now}
	must(t, repo.Init(layout(), signers))
	must(t, client(t, dir, store, now).Refresh(ctx))
	next := layout()
	next.Timestamp = role("timestamp-b", 1, 1)
	next.Timestamp.Name = "timestamp"
	both := func(name string) ([]statement.Signer, error) {
		if name == "timestamp" {
			return []statement.Signer{chaintest.Author("timestamp-b0")}, nil
		}
		return signers(name)
	}
	root, err := repo.NextRoot(next, both)
	must(t, err)
	must(t, repo.Rotate(next, root, both))
	must(t, repo.Rotate(next, root, both)) // as after a break
	c := client(t, dir, store, now)
	must(t, c.Refresh(ctx))
	if c.RootVersion() != 2 {
		t.Errorf("root %d", c.RootVersion())
	}
	must(t, repo.Refresh(signers)) // with the key that was taken back
	if err := client(t, dir, store, now).Refresh(ctx); err == nil || !strings.Contains(err.Error(), "timestamp: signed by 0") {
		t.Errorf("the old key was taken: %v", err)
	}
}

func TestSignerFails(t *testing.T) {
	gone := errors.New("no token")
	repo := tufrepo.Repo{Site: durabletest.Dir(t), Now: now}
	err := repo.Init(layout(), func(string) ([]statement.Signer, error) { return nil, gone })
	if !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
}
