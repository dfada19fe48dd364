package tuf_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/tuf"
	"vitrine/internal/chain/tuf/tuftest"
	"vitrine/internal/durable"
	"vitrine/internal/durable/durabletest"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// site is a repository and a client's store.
type site struct {
	*tuftest.Repo
	store  tuf.Store
	anchor []byte
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{Repo: tuftest.New(now.Add(time.Hour)), store: tuf.Store{Dir: durabletest.Dir(t)}}
	s.Files0["a.txt"] = tuftest.Target([]byte("a"))
	s.Delegate("rules-core", tuftest.Role{Keys: []tuftest.Key{tuftest.NewKey("alice"), tuftest.NewKey("bob")}, Threshold: 2},
		tuftest.Object{"rules/core/1.bundle": tuftest.Target([]byte("bundle"))}, true, "rules/core/*")
	s.anchor = s.PublishRoot()
	s.Publish()
	return s
}

func (s *site) client(t *testing.T) *tuf.Client {
	t.Helper()
	c, err := tuf.New(tuf.Config{Store: s.store, Fetcher: s, Root: s.anchor, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *site) refresh(t *testing.T) error {
	t.Helper()
	return s.client(t).Refresh(context.Background())
}

func (s *site) mustRefresh(t *testing.T) *tuf.Client {
	t.Helper()
	c := s.client(t)
	if err := c.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRefreshAndTargets(t *testing.T) {
	s := newSite(t)
	c := s.mustRefresh(t)
	ctx := context.Background()
	target, err := c.Target(ctx, "rules/core/1.bundle")
	if err != nil || target.Role != "rules-core" || target.Length != 6 || target.Check([]byte("bundle")) != nil || target.Check([]byte("bundlf")) == nil {
		t.Errorf("got %+v, %v", target, err)
	}
	list, err := c.TargetsOf(ctx, "rules-core")
	if err != nil || len(list) != 1 || list[0].Path != "rules/core/1.bundle" {
		t.Errorf("got %v, %v", list, err)
	}
	role, err := c.Role("rules-core")
	if err != nil || role.Threshold != 2 || len(role.Keys) != 2 || role.Keys[0].ID != tuftest.NewKey("alice").ID {
		t.Errorf("got %+v, %v", role, err)
	}
	for _, path := range []string{"none", "rules/core/2.bundle", "rules/core/x/1.bundle"} {
		if _, err := c.Target(ctx, path); !errors.Is(err, tuf.ErrNoTarget) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestNothingNewAsksForTwoFiles(t *testing.T) {
	s := newSite(t)
	s.mustRefresh(t)
	s.Asked = nil
	s.mustRefresh(t)
	if got := strings.Join(s.Asked, " "); got != "2.root.json timestamp.json" {
		t.Errorf("asked for %s", got)
	}
}

func TestRootRotation(t *testing.T) {
	s := newSite(t)
	s.mustRefresh(t)
	old := s.Root.Keys[0]
	s.Root = tuftest.Role{Keys: []tuftest.Key{tuftest.NewKey("root2"), tuftest.NewKey("root3")}, Threshold: 2}
	s.Bump("root")
	s.PublishRoot(old)
	if got := s.mustRefresh(t).RootVersion(); got != 2 {
		t.Errorf("root %d", got)
	}
	s.Bump("root")
	s.PublishRoot()
	s.Bump("root")
	s.PublishRoot()
	if got := s.mustRefresh(t).RootVersion(); got != 4 {
		t.Errorf("root %d", got)
	}
}

// The attack on clients that start from the root they were built with: the
// newer root, which takes a stolen key back, is hidden.
func TestRevokedKeyStaysRevoked(t *testing.T) {
	s := newSite(t)
	stolen := maps.Clone(s.Files)
	s.Timestamp = tuftest.Role{Keys: []tuftest.Key{tuftest.NewKey("timestamp2")}, Threshold: 1}
	s.Bump("root", "timestamp")
	s.PublishRoot()
	s.Publish()
	s.mustRefresh(t)
	s.Files = stolen
	err := s.refresh(t)
	if err == nil || !strings.Contains(err.Error(), "timestamp: signed by 0 of its keys") {
		t.Errorf("the stolen key was taken: %v", err)
	}
}

func TestBrokenStoreIsNoStepBack(t *testing.T) {
	s := newSite(t)
	s.mustRefresh(t)
	if err := os.WriteFile(filepath.Join(s.store.Dir, "root.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := tuf.New(tuf.Config{Store: s.store, Fetcher: s, Root: s.anchor, Now: now}); err == nil {
		t.Error("fell back to the root given")
	}
}

func TestRefused(t *testing.T) {
	evil := tuftest.NewKey("evil")
	for name, story := range map[string]struct {
		do   func(*site)
		want string
	}{
		"timestamp older":        {func(s *site) { s.Versions["timestamp"] = 4; s.Publish() }, "version 4 of snapshot 5: older than"},
		"snapshot older":         {func(s *site) { s.Bump("timestamp"); s.Versions["snapshot"] = 4; s.Publish() }, "version 6 of snapshot 4: older than"},
		"targets older":          {func(s *site) { s.Bump("timestamp", "snapshot"); s.Versions["targets"] = 4; s.Publish() }, "targets.json in version 4: older than"},
		"delegated role dropped": {func(s *site) { s.Bump("timestamp", "snapshot"); delete(s.Delegated, "rules-core"); s.Publish() }, "rules-core.json in version 0: older than"},
		"mixed": {func(s *site) {
			s.Bump("timestamp", "snapshot", "targets")
			f := s.Files["5.targets.json"]
			s.Publish()
			s.Files["6.targets.json"] = f
		}, "was announced"},
		"timestamp by another": {func(s *site) { s.Bump("timestamp"); s.Timestamp.Keys = []tuftest.Key{evil}; s.Publish() }, "timestamp: signed by 0"},
		"snapshot by another":  {func(s *site) { s.Bump("timestamp", "snapshot"); s.Snapshot.Keys = []tuftest.Key{evil}; s.Publish() }, "snapshot: signed by 0"},
		"targets by another": {func(s *site) {
			s.Bump("timestamp", "snapshot", "targets")
			s.Targets.Keys = []tuftest.Key{evil}
			s.Publish()
		}, "targets: signed by 0"},
		"root by another": {func(s *site) { s.Bump("root"); s.Root.Keys = []tuftest.Key{evil}; s.PublishRoot() }, "by the root before it: role root: signed by 0"},
		"root not by itself": {func(s *site) {
			s.Bump("root")
			old := s.Root
			s.Root = tuftest.Role{Keys: []tuftest.Key{evil}, Threshold: 1}
			s.PublishRoot()
			s.Files["2.root.json"] = resign(s, old.Keys[0])
		}, "role root: signed by 0"},
		"root skipped":           {func(s *site) { s.Bump("root", "root"); s.Files["2.root.json"] = s.PublishRoot() }, "version 3, and 2 was asked for"},
		"root same version":      {func(s *site) { s.Files["2.root.json"] = s.anchor }, "version 1, and 2 was asked for"},
		"root threshold not met": {func(s *site) { s.Bump("root"); s.Root.Threshold = 2; s.PublishRoot() }, "signed by 1 of its keys, and 2"},
		"root counts a key twice": {func(s *site) {
			s.Bump("root")
			s.Root.Keys = append(s.Root.Keys, s.Root.Keys[0])
			s.Root.Threshold = 2
			s.PublishRoot()
		}, "two signatures by"},
		"expired":           {func(s *site) { s.Bump("timestamp"); s.Expires = now; s.Publish() }, "timestamp metadata: expired on 2026-11-21T12:00:00Z"},
		"expired root":      {func(s *site) { s.Bump("root"); s.Expires = now.Add(-time.Hour); s.PublishRoot() }, "root metadata: expired"},
		"expired targets":   {func(s *site) { s.Bump("targets", "snapshot", "timestamp"); lateTargets(s) }, "targets metadata: expired"},
		"endless timestamp": {func(s *site) { s.Files["timestamp.json"] = make([]byte, 1<<20) }, "over 16384 bytes"},
		"endless root":      {func(s *site) { s.Files["2.root.json"] = make([]byte, 1<<20) }, "over 524288 bytes"},
		"snapshot over its length": {func(s *site) {
			s.Bump("timestamp", "snapshot")
			s.Publish()
			s.Files["6.snapshot.json"] = append(s.Files["6.snapshot.json"], ' ')
		}, "over"},
		"snapshot cut": {func(s *site) {
			s.Bump("timestamp", "snapshot")
			s.Publish()
			s.Files["6.snapshot.json"] = s.Files["6.snapshot.json"][:50]
		}, "were announced"},
		"timestamp is gone":         {func(s *site) { delete(s.Files, "timestamp.json") }, "not exist"},
		"timestamp of another type": {func(s *site) { s.Files["timestamp.json"] = s.Files["5.snapshot.json"] }, `of type "snapshot"`},
		"duplicate key": {func(s *site) {
			s.Files["timestamp.json"] = []byte(`{"signed":{"version":1,"version":2},"signatures":[]}`)
		}, "there twice"},
		"trailing": {func(s *site) { s.Files["timestamp.json"] = append(s.Files["timestamp.json"], "{}"...) }, "follows the JSON"},
		"not JSON": {func(s *site) { s.Files["timestamp.json"] = []byte("<html>") }, "invalid character"},
		"other spec": {func(s *site) {
			s.Bump("timestamp")
			b := s.Body("timestamp", "timestamp")
			b["spec_version"] = "2.0.0"
			s.Files["timestamp.json"] = tuftest.Sign(b, s.Timestamp.Keys...)
		}, `version "2.0.0"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			for _, role := range []string{"timestamp", "snapshot", "targets"} {
				s.Versions[role] = 5
			}
			s.Publish()
			s.mustRefresh(t)
			story.do(s)
			if err := s.refresh(t); err == nil || !strings.Contains(err.Error(), story.want) {
				t.Errorf("got %v, want %q", err, story.want)
			}
		})
	}
}

// resign signs the newest root with one key only.
func resign(s *site, key tuftest.Key) []byte {
	body := s.Body("root", "root")
	body["consistent_snapshot"] = true
	body["keys"] = tuftest.KeysOf(s.Root, s.Timestamp, s.Snapshot, s.Targets)
	body["roles"] = tuftest.Object{"root": s.Root.Object(), "timestamp": s.Timestamp.Object(), "snapshot": s.Snapshot.Object(), "targets": s.Targets.Object()}
	return tuftest.Sign(body, key)
}

// lateTargets publishes targets that have expired under a snapshot that has not.
func lateTargets(s *site) {
	good := s.Expires
	s.Expires = now.Add(-time.Minute)
	s.Publish()
	body := s.Body("snapshot", "snapshot")
	body["expires"] = good.Format(time.RFC3339)
	body["meta"] = tuftest.Object{"targets.json": tuftest.Object{"version": 6}, "rules-core.json": tuftest.Object{"version": 1}}
	s.Files["6.snapshot.json"] = tuftest.Sign(body, s.Snapshot.Keys...)
	body = s.Body("timestamp", "timestamp")
	body["expires"] = good.Format(time.RFC3339)
	body["meta"] = tuftest.Object{"snapshot.json": tuftest.Object{"version": 6}}
	s.Files["timestamp.json"] = tuftest.Sign(body, s.Timestamp.Keys...)
}

// A key that was stolen may have signed versions far ahead. When it is taken
// back, so are these.
func TestFastForwardRecovery(t *testing.T) {
	s := newSite(t)
	s.Versions["timestamp"], s.Versions["snapshot"] = 1<<40, 1<<40
	s.Publish()
	s.mustRefresh(t)
	s.Timestamp.Keys, s.Snapshot.Keys = []tuftest.Key{tuftest.NewKey("t2")}, []tuftest.Key{tuftest.NewKey("s2")}
	s.Versions["timestamp"], s.Versions["snapshot"] = 2, 2
	s.Bump("root")
	s.PublishRoot()
	s.Publish()
	s.mustRefresh(t)
}

// Metadata of a role that were good once are not, when today's delegation
// names other keys.
func TestKeptRoleIsVerifiedAnew(t *testing.T) {
	s := newSite(t)
	if _, err := s.mustRefresh(t).TargetsOf(context.Background(), "rules-core"); err != nil {
		t.Fatal(err)
	}
	s.Delegations = nil
	list, signers := s.Delegated["rules-core"], s.Signers["rules-core"]
	s.Delegate("rules-core", tuftest.Role{Keys: []tuftest.Key{tuftest.NewKey("carol")}, Threshold: 1}, list, true, "rules/core/*")
	s.Signers["rules-core"] = signers
	s.Bump("targets", "snapshot", "timestamp")
	s.Publish()
	if _, err := s.mustRefresh(t).TargetsOf(context.Background(), "rules-core"); err == nil || !strings.Contains(err.Error(), "signed by 0") {
		t.Errorf("got %v", err)
	}
}

// Whenever the power goes, the next refresh works, and nothing older is trusted
// than what was reported.
func TestPowerCut(t *testing.T) {
	s := newSite(t)
	first := maps.Clone(s.Files)
	s.Timestamp = tuftest.Role{Keys: []tuftest.Key{tuftest.NewKey("timestamp2")}, Threshold: 1}
	s.Bump("root", "timestamp", "snapshot", "targets")
	s.PublishRoot()
	s.Publish()
	second := s.Files
	refresh := func(disk durable.Disk, dir string) error {
		c, err := tuf.New(tuf.Config{Store: tuf.Store{Dir: dir, Disk: disk}, Fetcher: s, Root: s.anchor, Now: now})
		if err != nil {
			return err
		}
		return c.Refresh(context.Background())
	}
	newFolder := func() string {
		dir := durabletest.Dir(t)
		s.Files = first
		if err := refresh(durable.Disk{}, dir); err != nil {
			t.Fatal(err)
		}
		s.Files = second
		return dir
	}
	durabletest.Each(newFolder, refresh, func(dir string, done bool) {
		if done {
			s.Files = first
			if err := refresh(durable.Disk{}, dir); err == nil {
				t.Error("went back behind what was reported")
			}
		}
		s.Files = second
		if err := refresh(durable.Disk{}, dir); err != nil {
			t.Errorf("after a cut: %v", err)
		}
	})
}

func FuzzRefresh(f *testing.F) {
	s := &site{Repo: tuftest.New(now.Add(time.Hour))}
	s.anchor = s.PublishRoot()
	s.Publish()
	for name := range s.Files {
		f.Add(name, s.Files[name])
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		files := maps.Clone(s.Files)
		files[name] = data
		repo := &tuftest.Repo{Files: files}
		c, err := tuf.New(tuf.Config{Store: tuf.Store{Dir: durabletest.Dir(t)}, Fetcher: repo, Root: s.anchor, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Refresh(context.Background()); err == nil && c.RootVersion() != 1 {
			t.Errorf("trusts root %d", c.RootVersion())
		}
		tuf.New(tuf.Config{Store: tuf.Store{Dir: durabletest.Dir(t)}, Fetcher: repo, Root: data, Now: now})
	})
}
