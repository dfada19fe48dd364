package released_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/build/buildtest"
	"vitrine/internal/chain/operator/operatortest"
	"vitrine/internal/chain/publish"
	"vitrine/internal/chain/released"
	"vitrine/internal/chain/site"
	"vitrine/proof/statement"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is an operator who has published releases.
type world struct {
	*operatortest.World
	keys []statement.Signer // of rebuilders; two are needed
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: operatortest.New(t, time.Now)}
	var err error
	w.keys, err = w.Folder.Signers("rebuilders")
	must(t, err)
	return w
}

func (w *world) publish(t *testing.T, version string) *released.Release {
	t.Helper()
	_, err := (&publish.Publisher{Operator: w.Folder, Log: w.Log, Now: time.Now()}).Release(context.Background(), buildtest.Release(t, version, "a"))
	must(t, err)
	r, err := w.reader(t).Find(context.Background(), version)
	must(t, err)
	return r
}

func (w *world) reader(t *testing.T) released.Reader {
	t.Helper()
	c, err := w.Client(t)
	must(t, err)
	p, err := w.Folder.Policy()
	must(t, err)
	return released.Reader{Site: site.Dir(w.Folder.Site()), Trust: c, Policy: p, Now: time.Now()}
}

// say logs a rebuilder's word on a release, after change.
func (w *world) say(t *testing.T, key statement.Signer, r *released.Release, result string, change func(*statement.Statement)) {
	t.Helper()
	s := statement.Statement{Predicate: statement.Rebuild{
		Release: r.Leaf, Version: r.Said.Version, Rebuilder: key.Key().ID, Result: result, Environment: statement.Digest{1},
	}}
	s.Subject = append(s.Subject, r.Statement.Subject...)
	if change != nil {
		change(&s)
	}
	leaf, err := statement.Sign(s, key)
	must(t, err)
	_, err = w.Log.Add(context.Background(), leaf)
	must(t, err)
}

func (w *world) opinion(t *testing.T, r *released.Release, known *released.Known) (*released.Opinion, error) {
	t.Helper()
	reader := w.reader(t)
	v, err := reader.Newest(context.Background())
	must(t, err)
	return reader.Opinion(context.Background(), r, v.Checkpoint, known)
}

func TestOpinion(t *testing.T) {
	w := newWorld(t)
	before := w.publish(t, "v0.1.0")
	w.say(t, w.keys[0], before, statement.Match, nil)
	r := w.publish(t, "v0.2.0")
	expect := func(what string, matches, mismatches int, reached bool) {
		t.Helper()
		o, err := w.opinion(t, r, nil)
		if err != nil || o.Matches() != matches || len(o.Mismatches()) != mismatches || o.Reached() != reached || o.Needed != 2 {
			t.Errorf("%s: %+v, %v", what, o, err)
		}
	}
	expect("nobody has spoken of this release", 0, 0, false)
	w.say(t, w.keys[0], r, statement.Match, nil)
	expect("one", 1, 0, false)
	w.say(t, w.keys[0], r, statement.Match, func(s *statement.Statement) {
		p := s.Predicate.(statement.Rebuild)
		p.Environment = statement.Digest{2}
		s.Predicate = p
	})
	expect("the same one again counts once", 1, 0, false)
	w.say(t, w.keys[1], r, statement.Match, func(s *statement.Statement) {
		p := s.Predicate.(statement.Rebuild)
		p.Release[0] ^= 1
		s.Predicate = p
	})
	expect("of another entry", 1, 0, false)
	w.say(t, w.keys[1], r, statement.Match, nil)
	expect("two", 2, 0, true)
	w.say(t, w.keys[1], r, statement.Mismatch, func(s *statement.Statement) { s.Subject[2].SHA256[0] ^= 1 })
	expect("one has changed their mind", 2, 1, false)
	if o, err := w.opinion(t, before, nil); err != nil || o.Matches() != 1 {
		t.Errorf("the release before: %+v, %v", o, err)
	}
}

// Who says match and names other bytes has said mismatch.
func TestContradiction(t *testing.T) {
	for name, change := range map[string]func(*statement.Statement){
		"other bytes": func(s *statement.Statement) { s.Subject[0].SHA256[0] ^= 1 },
		"one missing": func(s *statement.Statement) { s.Subject = s.Subject[1:] },
		"one more": func(s *statement.Statement) {
			s.Subject = append(s.Subject, statement.Subject{Name: "release/v0.1.0/zzz_linux_amd64"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			r := w.publish(t, "v0.1.0")
			w.say(t, w.keys[0], r, statement.Match, change)
			o, err := w.opinion(t, r, nil)
			if err != nil || o.Matches() != 0 || len(o.Mismatches()) != 1 || len(o.Rebuilds[0].Differ) != 1 {
				t.Errorf("%+v, %v", o, err)
			}
		})
	}
}

// From a release that is known, each must follow the one before.
func TestFollows(t *testing.T) {
	w := newWorld(t)
	one, two, three := w.publish(t, "v0.1.0"), w.publish(t, "v0.2.0"), w.publish(t, "v0.3.0")
	known := func(r *released.Release) *released.Known { return &released.Known{Leaf: r.Leaf, Index: r.Index} }
	for _, k := range []*released.Release{one, two, three} {
		if _, err := w.opinion(t, three, known(k)); err != nil {
			t.Errorf("from %s: %v", k.Said.Version, err)
		}
	}
	other := known(one)
	other.Leaf[0] ^= 1
	for name, c := range map[string]struct {
		r     *released.Release
		known *released.Known
	}{
		"backwards":            {one, known(two)},
		"from another history": {three, other},
		"one is left out":      {three, &released.Known{Leaf: one.Leaf, Index: two.Index}},
	} {
		if _, err := w.opinion(t, c.r, c.known); !errors.Is(err, released.ErrUnproved) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// hides is a site that leaves out the entries of the log.
type hides struct{ site.Fetcher }

func (h hides) Fetch(ctx context.Context, name string, limit int64) ([]byte, error) {
	if strings.Contains(name, "/entries/") {
		return site.Memory{}.Fetch(ctx, name, limit)
	}
	return h.Fetcher.Fetch(ctx, name, limit)
}

// A site cannot hide a rebuilder's word: without the entries, or with the log as
// it was before, there is no opinion that could be acted on.
func TestHidden(t *testing.T) {
	w := newWorld(t)
	r := w.publish(t, "v0.1.0")
	w.say(t, w.keys[0], r, statement.Mismatch, nil)
	reader := w.reader(t)
	v, err := reader.Newest(context.Background())
	must(t, err)
	reader.Site = hides{reader.Site}
	if o, err := reader.Opinion(context.Background(), r, v.Checkpoint, nil); err == nil {
		t.Errorf("%+v", o)
	}
	short := v.Checkpoint
	short.Size = r.Index
	if _, err := w.reader(t).Opinion(context.Background(), r, short, nil); !errors.Is(err, released.ErrUnproved) {
		t.Errorf("a tree without the release: %v", err)
	}
}

func TestFindRefuses(t *testing.T) {
	w := newWorld(t)
	w.publish(t, "v0.1.0")
	reader := w.reader(t)
	from := site.Memory{}
	for _, name := range []string{site.Leaf(site.Release("v0.1.0")), site.Proof(site.Release("v0.1.0"))} {
		data, err := reader.Site.Fetch(context.Background(), name, 1<<16)
		must(t, err)
		from[strings.Replace(name, "v0.1.0", "v0.2.0", 1)] = data
	}
	reader.Site = from
	if _, err := reader.Find(context.Background(), "v0.2.0"); !errors.Is(err, released.ErrUnproved) || !strings.Contains(err.Error(), "does not announce") {
		t.Errorf("the entry of another version: %v", err)
	}
	if _, err := w.reader(t).Find(context.Background(), "../x"); err == nil {
		t.Error("a version that is a path was taken")
	}
}
