package tufrepo_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"vitrine/internal/chain/chaintest"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tuf"
	"vitrine/internal/chain/tufrepo"
	"vitrine/internal/durable/durabletest"
	"vitrine/proof/statement"

	tufmetadata "github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/config"
	"github.com/theupdateframework/go-tuf/v2/metadata/updater"
)

// served is a site with one bundle behind HTTP.
func served(t testing.TB, content []byte) (repo tufrepo.Repo, target, url string, root []byte) {
	t.Helper()
	repo = tufrepo.Repo{Site: durabletest.Dir(t), Now: now}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(repo.Init(layout(), signers))
	target = site.RuleBundle("core", 1)
	sum := sha256.Sum256(content)
	check(repo.Publish("rules-core", []tufrepo.Target{{Path: target, SHA256: sum, Length: int64(len(content)), Custom: map[string]any{"index": 7}}}, signers))
	file := filepath.Join(repo.Site, filepath.FromSlash(site.File(target, sum)))
	check(os.MkdirAll(filepath.Dir(file), 0o755))
	check(os.WriteFile(file, content, 0o644))
	server := httptest.NewServer(http.FileServer(http.Dir(repo.Site)))
	t.Cleanup(server.Close)
	root, err := os.ReadFile(filepath.Join(repo.Site, "tuf", "1.root.json"))
	check(err)
	return repo, target, server.URL, root
}

// theirClient is go-tuf's client of the site, with a folder for what it keeps.
func theirClient(t testing.TB, url, dir string, root []byte) *updater.Updater {
	t.Helper()
	c, err := config.New(url+"/tuf", root)
	if err != nil {
		t.Fatal(err)
	}
	c.LocalMetadataDir, c.LocalTargetsDir, c.RemoteTargetsURL = filepath.Join(dir, "metadata"), filepath.Join(dir, "targets"), url+"/files"
	u, err := updater.New(c)
	if err != nil {
		t.Fatal(err)
	}
	u.UnsafeSetRefTime(now)
	return u
}

// withNewSnapshot signs as signers do, with another key for the snapshot.
func withNewSnapshot(name string) ([]statement.Signer, error) {
	if name == tufmetadata.SNAPSHOT {
		return []statement.Signer{chaintest.Author("snapshot-b0")}, nil
	}
	return signers(name)
}

// A client that is not ours follows the site: its metadata, its delegations, its
// names of files, and a new root.
func TestTheirClientReadsIt(t *testing.T) {
	content := []byte("what is in the bundle")
	repo, target, url, root := served(t, content)
	next := layout()
	next.Snapshot = role("snapshot-b", 1, 1)
	next.Snapshot.Name = tufmetadata.SNAPSHOT
	dir := durabletest.Dir(t)
	for version := range 2 {
		if version == 1 {
			data, err := repo.NextRoot(next, signers)
			must(t, err)
			must(t, repo.Rotate(next, data, withNewSnapshot))
		}
		u := theirClient(t, url, dir, root)
		must(t, u.Refresh())
		info, err := u.GetTargetInfo(target)
		must(t, err)
		_, data, err := u.DownloadTarget(info, "", "")
		must(t, err)
		if string(data) != string(content) || string(*info.Custom) != `{"index":7}` {
			t.Errorf("got %q, %s", data, *info.Custom)
		}
		if got := u.GetTrustedMetadataSet().Root.Signed.Version; got != int64(version)+1 {
			t.Errorf("root %d", got)
		}
		if _, err := u.GetTargetInfo("rules/core/x/y"); err == nil {
			t.Error("found what is not there")
		}
	}
	// Both clients judge alike of a site that is too old.
	late := theirClient(t, url, durabletest.Dir(t), root)
	late.UnsafeSetRefTime(now.AddDate(0, 0, 2))
	if late.Refresh() == nil {
		t.Error("their client took metadata that have expired")
	}
	if err := client(t, repo.Site, durabletest.Dir(t), now.AddDate(0, 0, 2)).Refresh(context.Background()); !errors.Is(err, tuf.ErrExpired) {
		t.Errorf("ours: %v", err)
	}
}
