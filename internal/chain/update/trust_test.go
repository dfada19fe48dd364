package update_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/keys"
	"vitrine/internal/chain/operator"
	"vitrine/internal/chain/operator/operatortest"
	"vitrine/internal/chain/publish"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/update"
	"vitrine/proof/statement"
)

func publisher(w *operatortest.World, at time.Time) *publish.Publisher {
	return &publish.Publisher{Operator: w.Folder, Log: w.Log, Now: at}
}

// policyText is the policy that machines begin with.
func policyText(t *testing.T, w *operatortest.World) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.Folder.Trust(), "policy.txt"))
	must(t, err)
	return string(text)
}

// announced is a world in which every witness will have to cosign in an hour.
func announced(t *testing.T) (*operatortest.World, *machine, []byte) {
	t.Helper()
	w := operatortest.New(t, time.Now)
	publishRules(t, w, nil)
	publishRules(t, w, nil)
	m := newMachine(t, w)
	_, err := m.update(t)
	must(t, err)
	next := []byte(strings.Replace(policyText(t, w), "group witnesses 2 ", "group witnesses all ", 1))
	said, err := publisher(w, time.Now()).Policy(context.Background(), next, time.Hour)
	must(t, err)
	if s, ok := said.Result.Statement.Predicate.(statement.Trust); !ok || s.Version != 1 || s.File != statement.TrustPolicy {
		t.Fatalf("logged %+v", said.Result.Statement)
	}
	return w, m, next
}

// A new policy is taken when everybody had the time to notice, by machines that
// were there and by those that come later, and what was published before stays
// good under it.
func TestPolicyChanges(t *testing.T) {
	w, m, next := announced(t)
	if _, err := publisher(w, time.Now()).Proofs(context.Background()); err == nil || !strings.Contains(err.Error(), "does not satisfy every policy") {
		t.Errorf("proofs renewed by a log that knows one policy: %v", err)
	}
	w.Stop(t)
	w.Start(t)
	if n, err := publisher(w, time.Now()).Proofs(context.Background()); err != nil || n != 3 {
		t.Fatalf("renewed %d: %v", n, err)
	}
	_, err := m.update(t)
	must(t, err)
	if kept, err := m.config.Dir.Policy(); err != nil || string(kept) == string(next) {
		t.Fatalf("taken before its time: %v", err)
	}
	late := newMachine(t, w)
	for _, at := range []*machine{m, late} {
		at.config.Now = func() time.Time { return time.Now().Add(2 * time.Hour) }
		if r, err := at.update(t); err != nil || r.Channels[0].Serial != 2 || len(r.Cosigned) != 3 {
			t.Fatalf("%+v, %v", r, err)
		}
		if kept, err := at.config.Dir.Policy(); err != nil || string(kept) != string(next) {
			t.Errorf("not taken: %v\n%s", err, kept)
		}
	}
	if err := publisher(w, time.Now()).Adopt(); err == nil {
		t.Error("adopted before machines have it")
	}
	must(t, publisher(w, time.Now().Add(2*time.Hour)).Adopt())
	if policyText(t, w) != string(next) {
		t.Error("not adopted")
	}
	w.Stop(t)
	w.Start(t)
	publishRules(t, w, nil)
	for _, at := range []*machine{m, newMachine(t, w)} {
		if r, err := at.update(t); err != nil || r.Channels[0].Serial != 3 {
			t.Errorf("%+v, %v", r, err)
		}
	}
}

// An announcement that broke off just before its end is finished, as what was
// logged, and by no other.
func TestPolicyBrokeOff(t *testing.T) {
	w, m, next := announced(t)
	leaf, err := os.ReadFile(filepath.Join(w.Folder.Site(), filepath.FromSlash(site.Leaf(site.Policy))))
	must(t, err)
	pending := filepath.Join(w.Folder.Dir, "pending", "trust", "policy.txt.leaf")
	must(t, os.WriteFile(pending, leaf, 0o644))
	if _, err := publisher(w, time.Now()).Policy(context.Background(), append(next, "# other\n"...), 0); err == nil || !strings.Contains(err.Error(), "finish what broke off") {
		t.Errorf("finished with another: %v", err)
	}
	said, err := publisher(w, time.Now()).Policy(context.Background(), next, 0)
	must(t, err)
	if s, ok := said.Result.Statement.Predicate.(statement.Trust); !ok || s.Version != 1 {
		t.Errorf("logged %+v", said.Result.Statement)
	}
	if _, err := os.Stat(pending); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still pending: %v", err)
	}
	_, err = m.update(t)
	must(t, err)
}

func TestPolicyNotAnnounced(t *testing.T) {
	w, _, next := announced(t)
	text := policyText(t, w)
	for name, c := range map[string]struct{ text, want string }{
		"one waits":      {string(next), "adopt it first"},
		"no policy":      {"hello", "the new witness policy"},
		"another log":    {strings.Replace(text, "log log.example/av1+", "log log.example/av2+", 1), "the new witness policy"},
		"without a URL":  {regexp.MustCompile(` http://\S+`).ReplaceAllString(text, ""), "at which URL"},
		"nobody cosigns": {strings.Replace(text, "quorum witnesses", "quorum none", 1), ""},
	} {
		if _, err := publisher(w, time.Now()).Policy(context.Background(), []byte(c.text), 0); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// change edits operator.json as its owner would, and opens the folder again.
func change(t *testing.T, w *operatortest.World, edit func(plan map[string]any)) {
	t.Helper()
	name := filepath.Join(w.Folder.Dir, "operator.json")
	data, err := os.ReadFile(name)
	must(t, err)
	var plan map[string]any
	must(t, json.Unmarshal(data, &plan))
	edit(plan)
	data, err = json.Marshal(plan)
	must(t, err)
	must(t, os.WriteFile(name, data, 0o644))
	w.Folder, err = operator.Open(w.Folder.Dir, nil)
	must(t, err)
}

// rotated is how many keys are retired.
func rotated(plan map[string]any) int {
	retired, _ := plan["retired"].([]any)
	return len(retired)
}

// replace puts a new key in the place of a role's first, which is retired.
func replace(t *testing.T, w *operatortest.World, plan map[string]any, role string) {
	t.Helper()
	private, err := keys.Generate(rand.Reader)
	must(t, err)
	spec := fmt.Sprintf("keys/%s-new%d", role, rotated(plan))
	must(t, keys.Write(filepath.Join(w.Folder.Dir, spec), keys.Text(private), ""))
	list := plan["roles"].(map[string]any)[role].(map[string]any)["keys"].([]any)
	retired, _ := plan["retired"].([]any)
	plan["retired"] = append(retired, list[0])
	list[0] = map[string]any{"public": base64.StdEncoding.EncodeToString(keys.Public(private).Public), "spec": spec}
}

// Keys of every kind are replaced. Machines follow, and what the old keys sign
// is worth nothing.
func TestRootChanges(t *testing.T) {
	w := operatortest.New(t, time.Now)
	publishRules(t, w, nil)
	m := newMachine(t, w)
	_, err := m.update(t)
	must(t, err)
	before := w.Folder
	for version := int64(2); version <= 3; version++ {
		change(t, w, func(plan map[string]any) {
			for _, role := range []string{"root", "targets", "snapshot", "timestamp", "rules-core"} {
				replace(t, w, plan, role)
			}
		})
		said, err := publisher(w, time.Now()).Root(context.Background())
		must(t, err)
		if s, ok := said.Result.Statement.Predicate.(statement.Trust); !ok || s.Version != version || said.Target != site.Root(version) {
			t.Fatalf("logged %+v as %s", said.Result.Statement, said.Target)
		}
		publishRules(t, w, nil)
		if r, err := m.update(t); err != nil || r.Channels[0].Serial != version {
			t.Fatalf("root %d: %+v, %v", version, r, err)
		}
	}
	if r, err := newMachine(t, w).update(t); err != nil || r.Channels[0].Serial != 3 {
		t.Errorf("from the first root on: %+v, %v", r, err)
	}
	must(t, (&publish.Publisher{Operator: before, Now: time.Now()}).Refresh())
	if _, err := m.update(t); err == nil {
		t.Error("the old timestamp key was taken")
	}
	must(t, publisher(w, time.Now()).Refresh())
	_, err = m.update(t)
	must(t, err)
}

// Without the keys of the root before it there is no next root.
func TestRootNeedsTheOld(t *testing.T) {
	w := operatortest.New(t, time.Now)
	change(t, w, func(plan map[string]any) {
		for range 3 {
			replace(t, w, plan, "root")
			list := plan["roles"].(map[string]any)["root"].(map[string]any)["keys"].([]any)
			list[0], list[1], list[2], list[3], list[4] = list[1], list[2], list[3], list[4], list[0]
		}
		delete(plan, "retired")
	})
	if _, err := publisher(w, time.Now()).Root(context.Background()); !errors.Is(err, operator.ErrTooFew) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(w.Folder.Site(), "tuf", "2.root.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("written: %v", err)
	}
}

// A root whose publication broke off is finished with the same bytes, not made
// anew: it may be public.
func TestRootBrokeOff(t *testing.T) {
	w := operatortest.New(t, time.Now)
	m := newMachine(t, w)
	change(t, w, func(plan map[string]any) { replace(t, w, plan, "timestamp") })
	w.Witnesses[0].Off.Store(true)
	w.Witnesses[1].Off.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if _, err := publisher(w, time.Now()).Root(ctx); err == nil {
		t.Fatal("published with one witness")
	}
	w.Witnesses[0].Off.Store(false)
	pending := filepath.Join(w.Folder.Dir, "pending", "trust", "2.root.json")
	want, err := os.ReadFile(pending)
	must(t, err)
	_, err = publisher(w, time.Now().Add(time.Hour)).Root(context.Background())
	must(t, err)
	got, err := os.ReadFile(filepath.Join(w.Folder.Site(), "tuf", "2.root.json"))
	if err != nil || string(got) != string(want) {
		t.Errorf("another root was published: %v", err)
	}
	_, err = m.update(t)
	must(t, err)
	must(t, os.WriteFile(pending, want, 0o644)) // as if it had broken off just before the end
	if _, err := os.Stat(pending + ".leaf"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still pending: %v", err)
	}
	if _, err := m.update(t); errors.Is(err, update.ErrRefused) {
		t.Error(err)
	}
}
