package publish_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/authors"
	"vitrine/internal/chain/bundle"
	"vitrine/internal/chain/check"
	"vitrine/internal/chain/operator/operatortest"
	"vitrine/internal/chain/publish"
	"vitrine/internal/chain/site"
	"vitrine/proof/statement"
)

func rules(text string) publish.Rules {
	return publish.Rules{
		Channel: "core", Sources: []bundle.File{{Name: "a.yar", Data: []byte(text)}},
		Source: statement.Source{Repo: "https://example.org/rules", Commit: strings.Repeat("a", 40)}, Review: []string{"reviewers"},
		Life: 7 * 24 * time.Hour, EngineMin: "0.1.0",
	}
}

const good = `rule bad { strings: $a = "a very bad program" condition: uint16(0) == 0x5a4d and $a }`

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// checked reads back what a machine would read, and judges it.
func checked(t *testing.T, w *operatortest.World, role string) (*bundle.Bundle, *check.Result) {
	t.Helper()
	ctx := context.Background()
	c, err := w.Client(t)
	must(t, err)
	targets, err := c.TargetsOf(ctx, role)
	must(t, err)
	if len(targets) != 1 {
		t.Fatalf("the role speaks of %d targets", len(targets))
	}
	sum, err := targets[0].SHA256()
	must(t, err)
	from := site.Dir(w.Folder.Site())
	get := func(name string) []byte {
		data, err := from.Fetch(ctx, name, 1<<20)
		must(t, err)
		return data
	}
	data := get(site.File(targets[0].Path, sum))
	must(t, targets[0].Check(data))
	p, err := w.Folder.Policy()
	must(t, err)
	claim := check.Claim{Leaf: get(site.Leaf(targets[0].Path)), Proof: get(site.Proof(targets[0].Path))}
	leaf, err := statement.ParseLeaf(claim.Leaf)
	must(t, err)
	who, err := authors.Of(c, leaf.Statement)
	must(t, err)
	r, err := check.Logged(p, who, claim, time.Now())
	must(t, err)
	must(t, r.Speaks(targets[0].Path, sum))
	b, err := bundle.Open(data)
	must(t, err)
	return b, r
}

func TestRules(t *testing.T) {
	w := operatortest.New(t, time.Now)
	p := &publish.Publisher{Operator: w.Folder, Log: w.Log, Now: time.Now()}
	for serial := int64(1); serial <= 3; serial++ {
		said, err := p.Rules(context.Background(), rules(good))
		must(t, err)
		b, r := checked(t, w, "rules-core")
		if b.Manifest.Serial != serial || r.Index != serial-1 || r.Leaf != said.Leaf || b.Reproduce() != nil {
			t.Errorf("serial %d: %+v at %d", serial, b.Manifest, r.Index)
		}
	}
	urgent := rules(good)
	urgent.Channel = statement.UrgentChannel
	_, err := p.Rules(context.Background(), urgent)
	must(t, err)
	_, r := checked(t, w, "rules-urgent")
	if r.Statement.Predicate.Type() != "urn:vitrine:rule-bundle-urgent:v1" {
		t.Errorf("of type %s", r.Statement.Predicate.Type())
	}
	must(t, p.Refresh())
	checked(t, w, "rules-core")
}

func TestNotPublished(t *testing.T) {
	w := operatortest.New(t, time.Now)
	p := &publish.Publisher{Operator: w.Folder, Log: w.Log, Now: time.Now()}
	for name, c := range map[string]struct {
		r    publish.Rules
		want error
	}{
		"hunts documents": {rules(`rule r { strings: $a = "TOP SECRET//NOFORN" condition: $a }`), publish.ErrLint},
		"fails its test": {func() publish.Rules {
			r := rules(good)
			r.AlsoClean = []bundle.File{{Name: "x", Data: []byte("MZ a very bad program")}}
			return r
		}(), bundle.ErrSelfTest},
		"does not compile":  {rules(`rule r { condition: x }`), nil},
		"asks for the host": {rules(`rule r { condition: hostname == "a" }`), nil},
		"no such channel":   {func() publish.Rules { r := rules(good); r.Channel = "none"; return r }(), nil},
	} {
		_, err := p.Rules(context.Background(), c.r)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if entries, err := os.ReadDir(filepath.Join(w.Folder.Site(), "files")); err == nil {
		t.Errorf("published %v", entries)
	}
}

// The witnesses are gone at a bad moment. When they are back, the same bundle
// is published, even if the sources have changed since: it may be public.
func TestBrokeOff(t *testing.T) {
	w := operatortest.New(t, time.Now)
	p := &publish.Publisher{Operator: w.Folder, Log: w.Log, Now: time.Now()}
	w.Witnesses[0].Off.Store(true)
	w.Witnesses[2].Off.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if _, err := p.Rules(ctx, rules(good)); err == nil {
		t.Fatal("published with one witness")
	}
	c, err := w.Client(t)
	must(t, err)
	if targets, err := c.TargetsOf(context.Background(), "rules-core"); err != nil || len(targets) > 0 {
		t.Errorf("named before it was witnessed: %v, %v", targets, err)
	}
	w.Witnesses[0].Off.Store(false)
	_, err = p.Rules(context.Background(), rules(strings.Replace(good, "very", "quite", 1)))
	must(t, err)
	b, r := checked(t, w, "rules-core")
	if r.Index != 0 || !strings.Contains(string(b.Sources[0].Data), "very") {
		t.Errorf("at %d: %s", r.Index, b.Sources[0].Data)
	}
	_, err = p.Rules(context.Background(), rules(strings.Replace(good, "very", "quite", 1)))
	must(t, err)
	if b, _ := checked(t, w, "rules-core"); b.Manifest.Serial != 2 || !strings.Contains(string(b.Sources[0].Data), "quite") {
		t.Errorf("%+v", b.Manifest)
	}
}
