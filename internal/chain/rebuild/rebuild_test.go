package rebuild_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/assemble"
	"vitrine/internal/chain/build"
	"vitrine/internal/chain/build/buildtest"
	"vitrine/internal/chain/operator/operatortest"
	"vitrine/internal/chain/publish"
	"vitrine/internal/chain/rebuild"
	"vitrine/internal/chain/released"
	"vitrine/internal/chain/site"
	"vitrine/internal/durable"
	"vitrine/internal/durable/durabletest"
	"vitrine/proof/statement"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// published makes a release of a repository known to everybody.
func published(t *testing.T, repo string, recipe build.Recipe, cache string, wait time.Duration) *operatortest.World {
	t.Helper()
	out := filepath.Join(durabletest.Dir(t), "out")
	_, err := assemble.Assemble(within(t, wait), assemble.Config{
		Repo: repo, Ref: "HEAD", URL: "https://example.org/small", Version: "v0.3.0", Location: "here", Recipe: recipe,
		Out: out, Work: t.TempDir(), Go: buildtest.Go(t), Cache: cache,
	})
	must(t, err)
	w := operatortest.New(t, time.Now)
	_, err = (&publish.Publisher{Operator: w.Folder, Log: w.Log, Now: time.Now()}).Release(context.Background(), out)
	must(t, err)
	return w
}

func config(t *testing.T, w *operatortest.World) rebuild.Config {
	t.Helper()
	c, err := w.Client(t)
	must(t, err)
	p, err := w.Folder.Policy()
	must(t, err)
	return rebuild.Config{
		Reader:  released.Reader{Site: site.Dir(w.Folder.Site()), Trust: c, Policy: p, Now: time.Now()},
		Version: "v0.3.0", Go: buildtest.Go(t), Machine: "a machine", Work: t.TempDir(), Cache: buildtest.Cache(t),
		Commitment: filepath.Join(t.TempDir(), "commitment"), Random: rand.Reader,
	}
}

func TestRun(t *testing.T) {
	repo := buildtest.Repo(t)
	w := published(t, repo, buildtest.Recipe(), buildtest.Cache(t), 5*time.Minute)
	t.Run("the same", func(t *testing.T) { theSame(t, w) })
	t.Run("changed source", func(t *testing.T) { changedSource(t, w, repo) })
	t.Run("cannot", func(t *testing.T) { cannot(t, w) })
}

func theSame(t *testing.T, w *operatortest.World) {
	c := config(t, w)
	var told string
	c.Committed = func(commitment string) { told = commitment }
	r, err := rebuild.Run(within(t, 5*time.Minute), c)
	if err != nil || r.Result != statement.Match || r.Differ() != nil || len(r.Binaries) != 4 || r.Commitment != told || told == "" {
		t.Fatalf("%+v, %v", r, err)
	}
	// The commitment can be checked by whoever is shown salt and record.
	data, err := os.ReadFile(c.Commitment)
	must(t, err)
	var kept struct{ Commitment, Salt, Record string }
	must(t, json.Unmarshal(data, &kept))
	var salt build.Hash
	must(t, salt.UnmarshalText([]byte(kept.Salt)))
	if got := statement.Commit(salt, []byte(kept.Record)); got.String() != told || !strings.Contains(kept.Record, "hello_linux_arm64") {
		t.Errorf("%s is no commitment to %q", told, kept.Record)
	}
	// What was written down is what publish signs.
	text, err := json.Marshal(r)
	must(t, err)
	key, err := w.Folder.Signers("rebuilders")
	must(t, err)
	said, err := publish.Rebuild(context.Background(), w.Log, c.Reader.Policy, key[0], text, time.Now())
	if err != nil || len(said.Result.Statement.Subject) != 4 {
		t.Errorf("%+v, %v", said, err)
	}
}

func changedSource(t *testing.T, w *operatortest.World, repo string) {
	c := config(t, w)
	c.Folder = t.TempDir()
	must(t, build.Copy(repo)(c.Folder))
	buildtest.Write(t, c.Folder, "word/word.go", "package word\n\nconst Word = \"hullo\"\n")
	r, err := rebuild.Run(within(t, 5*time.Minute), c)
	if err != nil || r.Result != statement.Mismatch || !slices.Equal(r.Differ(), []string{"hello_linux_amd64", "hello_linux_arm64"}) || r.Source != "folder" {
		t.Errorf("%+v, %v", r, err)
	}
}

// cannot is for what is neither the same nor different.
func cannot(t *testing.T, w *operatortest.World) {
	full := errors.New("the disk is full")
	for name, c := range map[string]struct {
		change func(*rebuild.Config)
		want   string
	}{
		"another archive":         {func(c *rebuild.Config) { c.Archive = []byte("another") }, "the log has"},
		"another archive on site": {func(c *rebuild.Config) { c.Reader.Site = changed{c.Reader.Site, "source.tar"} }, "the log has"},
		"another toolchain":       {func(c *rebuild.Config) { c.Go = &build.Go{Path: "/opt/go/bin/go"} }, "was built with go1."},
		"another leaf":            {func(c *rebuild.Config) { c.Reader.Site = changed{c.Reader.Site, "release.leaf"} }, "not proved"},
		"another proof":           {func(c *rebuild.Config) { c.Reader.Site = changed{c.Reader.Site, "release.tlog-proof"} }, "not proved"},
		"no such release":         {func(c *rebuild.Config) { c.Version = "v0.4.0" }, "release.leaf"},
		"not written down": {func(c *rebuild.Config) {
			c.Disk = durable.Disk{Trace: func(o durable.Op) error { return full }}
		}, "before looking at what was published"},
		"written down before": {func(c *rebuild.Config) { c.Commitment = os.DevNull }, "is there already"},
	} {
		t.Run(name, func(t *testing.T) {
			config := config(t, w)
			c.change(&config)
			r, err := rebuild.Run(within(t, 5*time.Minute), config)
			if err == nil || r != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
	c := config(t, w)
	c.Version = "v0.4.0"
	if _, err := rebuild.Run(within(t, time.Minute), c); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such release: %v", err)
	}
}

// changed is a site of which one file is another.
type changed struct {
	site.Fetcher
	suffix string
}

func (c changed) Fetch(ctx context.Context, name string, limit int64) ([]byte, error) {
	data, err := c.Fetcher.Fetch(ctx, name, limit)
	if strings.HasSuffix(name, c.suffix) && err == nil {
		data = bytes.Clone(data)
		data[len(data)/2] ^= 1
	}
	return data, err
}

// This repository: what is committed is assembled, and built again with another
// build cache. Each has two folders to build in and nothing of the other.
func TestThisRepository(t *testing.T) {
	if os.Getenv("VITRINE_REQUIRE_ALL") != "1" {
		t.Skip("builds everything several times, which takes minutes; VITRINE_REQUIRE_ALL=1 runs it")
	}
	const wait = 40 * time.Minute
	w := published(t, filepath.Join("..", "..", ".."), build.Standard(), t.TempDir(), wait)
	c := config(t, w)
	c.Cache = t.TempDir()
	r, err := rebuild.Run(within(t, wait), c)
	if err != nil || r.Result != statement.Match || len(r.Binaries) != 6 {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, b := range r.Binaries {
		t.Logf("%x %s", b.SHA256, b.Name)
	}
}
