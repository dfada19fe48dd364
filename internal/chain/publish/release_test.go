package publish_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/build"
	"vitrine/internal/chain/build/buildtest"
	"vitrine/internal/chain/check"
	"vitrine/internal/chain/operator/operatortest"
	"vitrine/internal/chain/publish"
	"vitrine/internal/chain/site"
	"vitrine/proof/statement"
)

// heard is what a machine would read of a release, judged.
func heard(t *testing.T, w *operatortest.World, version string) (*check.Result, statement.Release) {
	t.Helper()
	c, err := w.Client(t)
	must(t, err)
	from := site.Dir(w.Folder.Site())
	leaf, err := from.Fetch(context.Background(), site.Leaf(site.Release(version)), 1<<16)
	must(t, err)
	proof, err := from.Fetch(context.Background(), site.Proof(site.Release(version)), 1<<16)
	must(t, err)
	role, err := c.Role("releases")
	must(t, err)
	who, err := check.AuthorsOf(role)
	must(t, err)
	p, err := w.Folder.Policy()
	must(t, err)
	r, err := check.Logged(p, who, check.Claim{Leaf: leaf, Proof: proof}, time.Now())
	must(t, err)
	return r, r.Statement.Predicate.(statement.Release)
}

func TestRelease(t *testing.T) {
	w := operatortest.New(t, time.Now)
	p := &publish.Publisher{Operator: w.Folder, Log: w.Log, Now: time.Now()}
	var last *publish.Published
	for i, version := range []string{"v0.1.0", "v0.2.0", "v0.10.0"} {
		said, err := p.Release(context.Background(), buildtest.Release(t, version, "a"))
		must(t, err)
		r, release := heard(t, w, version)
		if len(r.SignedBy) != 2 || release.Serial != int64(i+1) || last != nil && release.Prev != last.Leaf {
			t.Errorf("%s: %+v", version, release)
		}
		last = said
	}
	c, err := w.Client(t)
	must(t, err)
	targets, err := c.TargetsOf(context.Background(), "releases")
	must(t, err)
	if len(targets) != 6+6+2 {
		t.Errorf("%d targets", len(targets))
	}
	for _, target := range targets {
		sum, err := target.SHA256()
		must(t, err)
		data, err := site.Dir(w.Folder.Site()).Fetch(context.Background(), site.File(target.Path, sum), target.Length)
		if err != nil || target.Check(data) != nil || !strings.HasPrefix(target.Path, "release/v0.10.0/") {
			t.Errorf("%s: %v", target.Path, err)
		}
	}
	if _, err := p.Release(context.Background(), buildtest.Release(t, "v0.2.0", "b")); err == nil || !strings.Contains(err.Error(), "is published") {
		t.Errorf("the same version again: %v", err)
	}
}

// broken is a log that takes an entry, and then the line goes down.
type broken struct {
	publish.Log
	off bool
}

func (b *broken) Add(ctx context.Context, leaf []byte) ([]byte, error) {
	text, err := b.Log.Add(ctx, leaf)
	if err == nil && b.off {
		return nil, errors.New("the line is down")
	}
	return text, err
}

// A release that broke off is finished with the same bytes, before another.
func TestReleaseBreaksOff(t *testing.T) {
	w := operatortest.New(t, time.Now)
	line := &broken{w.Log, true}
	p := &publish.Publisher{Operator: w.Folder, Log: line, Now: time.Now()}
	dir := buildtest.Release(t, "v0.1.0", "a")
	if _, err := p.Release(context.Background(), dir); err == nil {
		t.Fatal("published")
	}
	line.off = false
	if _, err := p.Release(context.Background(), buildtest.Release(t, "v0.2.0", "a")); err == nil || !strings.Contains(err.Error(), "v0.1.0 broke off") {
		t.Errorf("overtaken: %v", err)
	}
	if _, err := p.Release(context.Background(), buildtest.Release(t, "v0.1.0", "b")); err == nil || !strings.Contains(err.Error(), "finish what broke off") {
		t.Errorf("finished with other bytes: %v", err)
	}
	said, err := p.Release(context.Background(), dir)
	if err != nil || said.Index != 0 {
		t.Fatalf("%+v, %v", said, err)
	}
	said, err = p.Release(context.Background(), buildtest.Release(t, "v0.2.0", "a"))
	if err != nil || said.Index != 1 {
		t.Errorf("%+v, %v", said, err)
	}
}

func TestReleaseRefused(t *testing.T) {
	w := operatortest.New(t, time.Now)
	p := &publish.Publisher{Operator: w.Folder, Log: w.Log, Now: time.Now()}
	changed := buildtest.Release(t, "v0.1.0", "a")
	must(t, os.WriteFile(filepath.Join(changed, "vitrine_linux_amd64"), []byte("something else"), 0o755))
	short := buildtest.Release(t, "v0.1.0", "a")
	must(t, os.Remove(filepath.Join(short, build.SourceFile)))
	for name, c := range map[string]struct{ dir, want string }{
		"a changed binary": {changed, "vitrine_linux_amd64 is not what was assembled"},
		"no source":        {short, build.SourceFile},
		"no release":       {t.TempDir(), build.ManifestName},
	} {
		if _, err := p.Release(context.Background(), c.dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, os.Remove(filepath.Join(w.Folder.Dir, "keys", "releases-1")))
	must(t, os.Remove(filepath.Join(w.Folder.Dir, "keys", "releases-2")))
	if _, err := p.Release(context.Background(), buildtest.Release(t, "v0.1.0", "a")); err == nil || !strings.Contains(err.Error(), "1 of 2") {
		t.Errorf("one signature: %v", err)
	}
}

func TestRebuild(t *testing.T) {
	w := operatortest.New(t, time.Now)
	p := &publish.Publisher{Operator: w.Folder, Log: w.Log, Now: time.Now()}
	said, err := p.Release(context.Background(), buildtest.Release(t, "v0.1.0", "a"))
	must(t, err)
	rebuilders, err := w.Folder.Signers("rebuilders")
	must(t, err)
	trusted, err := w.Folder.Policy()
	must(t, err)
	sum := strings.Repeat("0a", 32)
	found := fmt.Sprintf(`{"schema":"vitrine.rebuild/v1","version":"v0.1.0","release":"%x","result":"match","environment_sha256":"%s","binaries":[{"name":"vitrine_linux_amd64","sha256":"%s"}]}`, said.Leaf[:], sum, sum)
	out, err := publish.Rebuild(context.Background(), w.Log, trusted, rebuilders[0], []byte(found), time.Now())
	must(t, err)
	r, ok := out.Result.Statement.Predicate.(statement.Rebuild)
	if !ok || r.Rebuilder != rebuilders[0].Key().ID || r.Release != said.Leaf || r.Result != statement.Match || out.Index != 1 {
		t.Errorf("%+v", out)
	}
	releasers, err := w.Folder.Signers("releases")
	must(t, err)
	if _, err := publish.Rebuild(context.Background(), w.Log, trusted, releasers[0], []byte(found), time.Now()); err == nil {
		t.Error("one who is no rebuilder was heard")
	}
	for _, bad := range []string{"", "{}", strings.Replace(found, "match", "perhaps", 1), strings.Replace(found, sum, "0a", 1)} {
		if _, err := publish.Rebuild(context.Background(), w.Log, trusted, rebuilders[0], []byte(bad), time.Now()); err == nil {
			t.Errorf("taken: %s", bad)
		}
	}
}
