package monitor_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/bundle"
	"vitrine/internal/chain/chaintest"
	"vitrine/internal/chain/installed"
	"vitrine/internal/chain/monitor"
	"vitrine/internal/chain/operator/operatortest"
	"vitrine/internal/chain/publish"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/web"
	"vitrine/internal/durable/durabletest"
	"vitrine/proof/statement"
)

const worm = `rule made_up_worm { strings: $a = "this is the made-up worm" condition: uint16(0) == 0x5a4d and $a }`

// hunting is a rule that fires on documents rather than on code.
const hunting = `rule strike_call { strings: $a = "TOP SECRET//NOFORN" condition: $a }`

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is an operator at work, and a monitor that watches.
type world struct {
	*operatortest.World
	t      *testing.T
	offset time.Duration // of everybody's clock
	dir    installed.Dir
	root   []byte
	policy []byte
	ask    bool // the witnesses
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, dir: installed.Dir{Path: durabletest.Dir(t)}, ask: true}
	w.World = operatortest.New(t, w.now)
	var err error
	w.root, err = w.Folder.Root()
	must(t, err)
	p, err := w.Folder.Policy()
	must(t, err)
	w.policy = p.Encode()
	return w
}

func (w *world) now() time.Time { return time.Now().Add(w.offset) }

// publish publishes a bundle of a channel.
func (w *world) publish(channel, text string) {
	w.t.Helper()
	p := &publish.Publisher{Operator: w.Folder, Log: w.Log, Now: w.now()}
	_, err := p.Rules(context.Background(), publish.Rules{
		Channel: channel, Sources: []bundle.File{{Name: "a.yar", Data: []byte(text)}}, Life: 7 * 24 * time.Hour, EngineMin: "0.1.0",
		Source: statement.Source{Repo: "https://example.org/rules", Commit: strings.Repeat("a", 40)}, Review: []string{"reviewers"},
	})
	must(w.t, err)
}

// smuggle makes the next publication of core one that no check of rules has
// seen, as an operator could who changes the program.
func (w *world) smuggle(serial int64, text string) {
	w.t.Helper()
	b, err := bundle.Make(bundle.Config{Channel: "core", Serial: serial, Sources: []bundle.File{{Name: "a.yar", Data: []byte(text)}}})
	must(w.t, err)
	data, err := b.Marshal()
	must(w.t, err)
	name := filepath.Join(w.Folder.Dir, "pending", site.RuleBundle("core", serial))
	must(w.t, os.MkdirAll(filepath.Dir(name), 0o755))
	must(w.t, os.WriteFile(name, data, 0o644))
	w.publish("core", worm)
}

// site is the operator's own.
func (w *world) site() monitor.Mirror {
	return monitor.Mirror{Name: "own", Site: site.Dir(w.Folder.Site())}
}

// mirror is a copy of the site as it is now, and its folder.
func (w *world) mirror(name string) (monitor.Mirror, string) {
	w.t.Helper()
	dir := filepath.Join(durabletest.Dir(w.t), "copy")
	must(w.t, os.CopyFS(dir, os.DirFS(w.Folder.Site())))
	return monitor.Mirror{Name: name, Site: site.Dir(dir)}, dir
}

// watch runs the monitor over mirrors.
func (w *world) watch(mirrors ...monitor.Mirror) *monitor.Report {
	w.t.Helper()
	c := monitor.Config{Dir: w.dir, Mirrors: mirrors, Now: w.now(), Root: w.root, Policy: w.policy}
	if w.ask {
		c.Witness = func(url string) (site.Fetcher, error) { return web.New(url, time.Second) }
	}
	r, err := monitor.Run(context.Background(), c)
	must(w.t, err)
	return r
}

// expect fails unless there is an alarm of a kind that says something.
func expect(t *testing.T, r *monitor.Report, kind, subject, text string) {
	t.Helper()
	found := func(e monitor.Event) bool {
		return e.Kind == kind && strings.Contains(e.Subject, subject) && strings.Contains(e.Text, text)
	}
	if r.Result != monitor.Alarm || !slices.ContainsFunc(r.Alarms, found) {
		t.Errorf("%s: no alarm %s about %s that says %q\nalarms: %+v\nunknown: %+v", r.Result, kind, subject, text, r.Alarms, r.Unknown)
	}
}

func wellWith(t *testing.T, r *monitor.Report, size, checked int64) {
	t.Helper()
	if r.Result != monitor.Well || r.Size != size || r.Checked != checked {
		t.Errorf("%s: %d entries, %d of them new, expected %d and %d\nalarms: %+v\nunknown: %+v", r.Result, r.Size, r.Checked, size, checked, r.Alarms, r.Unknown)
	}
}

// change flips a byte of each file of a folder that fits a pattern.
func change(t *testing.T, dir, pattern string) {
	t.Helper()
	changed := 0
	must(t, filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if ok, _ := filepath.Match(pattern, filepath.Base(name)); err != nil || !ok || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		data = bytes.Clone(data)
		data[len(data)/2] ^= 1
		changed++
		return os.WriteFile(name, data, 0o644)
	}))
	if changed == 0 {
		t.Fatalf("no file fits %s", pattern)
	}
}

// staged is a log without its own rules of what may be appended, beside the
// metadata of an operator whose keys sign.
type staged struct {
	*chaintest.Log
	w    *world
	site site.Memory
}

func newStaged(t *testing.T) *staged {
	w := newWorld(t)
	w.ask = false
	s := &staged{Log: chaintest.New(t, w.now()), w: w, site: site.Memory{}}
	w.policy = s.PolicyText()
	s.metadata()
	return s
}

// metadata copies the operator's.
func (s *staged) metadata() {
	s.w.t.Helper()
	names, err := filepath.Glob(filepath.Join(s.w.Folder.Site(), "tuf", "*"))
	must(s.w.t, err)
	for _, name := range names {
		s.site[site.TUF(filepath.Base(name))], err = os.ReadFile(name)
		must(s.w.t, err)
	}
}

// say appends what a role says, and gives its leaf.
func (s *staged) say(role string, signers int, st statement.Statement) []byte {
	s.w.t.Helper()
	keys, err := s.w.Folder.Signers(role)
	must(s.w.t, err)
	leaf, err := statement.Sign(st, keys[:signers]...)
	must(s.w.t, err)
	s.Append(leaf)
	return leaf
}

func (s *staged) watch() *monitor.Report {
	s.w.t.Helper()
	s.Publish(s.site)
	return s.w.watch(monitor.Mirror{Name: "staged", Site: s.site})
}

// put publishes a file as an entry speaks of it, and gives its digest.
func (s *staged) put(name string, data []byte) statement.Digest {
	sum := sha256.Sum256(data)
	s.site[site.File(name, sum)] = data
	return sum
}
