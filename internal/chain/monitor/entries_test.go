package monitor_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/authors"
	"vitrine/internal/chain/bundle"
	"vitrine/internal/chain/monitor"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tufrepo"
	"vitrine/proof"
	"vitrine/proof/statement"

	"golang.org/x/mod/sumdb/tlog"
)

// bundleOf is a statement of a bundle of core, whose file is on the site.
func (s *staged) bundle(serial int64, prev tlog.Hash, change func(*statement.RuleBundle)) statement.Statement {
	s.w.t.Helper()
	b, err := bundle.Make(bundle.Config{Channel: "core", Serial: serial, Sources: []bundle.File{{Name: "a.yar", Data: []byte(worm)}}})
	must(s.w.t, err)
	data, err := b.Marshal()
	must(s.w.t, err)
	from := s.w.now().UTC().Truncate(time.Second)
	p := statement.RuleBundle{
		Channel: "core", Serial: serial, Prev: prev, Size: int64(len(data)), Blob: b.BlobDigest(), Review: []string{"reviewers"},
		Source: statement.Source{Repo: "https://example.org/rules", Commit: strings.Repeat("a", 40)}, NotBefore: from, Expires: from.Add(time.Hour), EngineMin: "0.1.0",
	}
	if change != nil {
		change(&p)
	}
	name := site.RuleBundle("core", p.Serial)
	return statement.Statement{Subject: []statement.Subject{{Name: name, SHA256: s.put(name, data)}}, Predicate: p}
}

func TestChains(t *testing.T) {
	s := newStaged(t)
	role := authors.Rules("core")
	first := s.say(role, 2, s.bundle(1, tlog.Hash{}, nil))
	second := s.say(role, 2, s.bundle(2, proof.LeafHash(first), nil))
	wellWith(t, s.watch(), 2, 2)
	s.say(role, 2, s.bundle(3, proof.LeafHash(first), nil))
	expect(t, s.watch(), "chain", "entry 2", "3 names another entry before it than 2")
	s.say(role, 2, s.bundle(5, proof.LeafHash(second), nil))
	expect(t, s.watch(), "chain", "entry 3", "5 follows 3")
}

func TestBundles(t *testing.T) {
	s := newStaged(t)
	role := authors.Rules("core")
	s.say(role, 2, s.bundle(1, tlog.Hash{}, func(p *statement.RuleBundle) { p.Blob[0] ^= 1 }))
	expect(t, s.watch(), "bundle", "000001.bundle", "not those that were logged")
	s.say(role, 2, s.bundle(2, proof.LeafHash(s.Entries[0]), func(p *statement.RuleBundle) { p.Size++ }))
	expect(t, s.watch(), "bundle", "000002.bundle", "were logged")
}

func TestWhoSigns(t *testing.T) {
	s := newStaged(t)
	s.say(authors.Rules("core"), 1, s.bundle(1, tlog.Hash{}, nil))
	s.say(authors.Releases, 2, s.bundle(2, proof.LeafHash(s.Entries[0]), nil))
	r := s.watch()
	expect(t, r, "signature", "entry 0", "signed by 1 of the 3 known keys, expected 2")
	expect(t, r, "signature", "entry 1", "signed by 0 of the 3 known keys, expected 2")
}

// What cannot be read is an alarm, and so is what nobody has a name for.
func TestStrangeEntries(t *testing.T) {
	s := newStaged(t)
	s.Append([]byte("{}"))
	leaf := s.say(authors.Rules("core"), 2, s.bundle(1, tlog.Hash{}, nil))
	e, err := statement.ParseLeaf(leaf)
	must(t, err)
	strange := bytes.Replace(e.Payload, []byte("urn:vitrine:rule-bundle:v1"), []byte("urn:vitrine:rule-bungle:v1"), 1)
	encode := base64.StdEncoding.EncodeToString
	s.Append(bytes.Replace(leaf, []byte(encode(e.Payload)), []byte(encode(strange)), 1))
	r := s.watch()
	expect(t, r, "entry", "entry 0", "cannot be read")
	expect(t, r, "unknown-type", "entry 2", `"urn:vitrine:rule-bungle:v1"`)
	if r.Types["unknown"] != 1 || r.Types["unreadable"] != 1 || r.Earlier < 2 {
		t.Errorf("%+v", r)
	}
}

func TestRebuilds(t *testing.T) {
	s := newStaged(t)
	name := site.ReleaseFile("1.0.0", "vitrine")
	binary := statement.Subject{Name: name, SHA256: s.put(name, []byte("binary"))}
	sbom := site.ReleaseFile("1.0.0", "vitrine.cdx.json")
	leaf := s.say(authors.Releases, 2, statement.Statement{Subject: []statement.Subject{binary}, Predicate: statement.Release{
		Version: "1.0.0", Serial: 1, Source: statement.Source{Repo: "https://example.org/vitrine", Commit: strings.Repeat("a", 40)},
		Toolchain: statement.Toolchain{Version: "go1.26.0", H1: "h1:" + encodeH1()}, Build: statement.Build{Command: []string{"go", "build"}, Env: []string{"CGO_ENABLED=0"}},
		SBOM: []statement.Subject{{Name: sbom, SHA256: s.put(sbom, []byte("sbom"))}},
	}})
	keys, err := s.w.Folder.Signers(authors.Rebuilders)
	must(t, err)
	say := func(i int, result string, release tlog.Hash) {
		word := statement.Rebuild{Release: release, Version: "1.0.0", Rebuilder: keys[i].Key().ID, Result: result}
		signed, err := statement.Sign(statement.Statement{Subject: []statement.Subject{binary}, Predicate: word}, keys[i])
		must(t, err)
		s.Append(signed)
	}
	say(0, statement.Match, proof.LeafHash(leaf))
	r := s.watch()
	wellWith(t, r, 2, 2)
	if rel := r.Releases[0]; rel.Needed != 2 || len(rel.Matches) != 1 || rel.Reached {
		t.Errorf("%+v", rel)
	}
	say(1, statement.Match, proof.LeafHash(leaf))
	if r := s.watch(); r.Result != monitor.Well || !r.Releases[0].Reached {
		t.Errorf("%+v", r)
	}
	say(0, statement.Mismatch, proof.LeafHash(leaf))
	say(1, statement.Match, tlog.Hash{1})
	r = s.watch()
	expect(t, r, "rebuild", "entry 3", "got other bytes for version 1.0.0")
	expect(t, r, "rebuild", "entry 4", "names another entry")
	if rel := r.Releases[0]; rel.Reached || len(rel.Mismatches) != 1 || len(rel.Matches) != 1 {
		t.Errorf("%+v", rel)
	}
}

// A new witness policy counts when it was logged by those who may, and its time
// has come.
func TestNewPolicy(t *testing.T) {
	s := newStaged(t)
	s.say("targets", 2, s.policy(t, "# not yet\n", time.Hour))
	r := s.watch()
	wellWith(t, r, 1, 1)
	old, err := os.ReadFile(filepath.Join(s.w.dir.Path, "policy.txt"))
	must(t, err)
	s.w.offset = 2 * time.Hour
	s.Now = s.w.now()
	wellWith(t, s.watch(), 1, 0)
	now, err := os.ReadFile(filepath.Join(s.w.dir.Path, "policy.txt"))
	must(t, err)
	if bytes.Equal(old, now) || !bytes.HasPrefix(now, []byte("# not yet\n")) {
		t.Errorf("the policy is %q", now)
	}
	wellWith(t, s.watch(), 1, 0)
}

// A policy that nobody has logged is an alarm, and does not count.
func TestUnloggedPolicy(t *testing.T) {
	s := newStaged(t)
	s.Append([]byte("{}"))
	s.policy(t, "# never said\n", 0)
	expect(t, s.watch(), "unlogged", "staged", "trust/policy.txt")
	now, err := os.ReadFile(filepath.Join(s.w.dir.Path, "policy.txt"))
	must(t, err)
	if bytes.Contains(now, []byte("never said")) {
		t.Errorf("the policy is %q", now)
	}
}

// policy publishes a witness policy that says the same after a comment, and gives
// what must be logged of it.
func (s *staged) policy(t *testing.T, comment string, in time.Duration) statement.Statement {
	t.Helper()
	text := append([]byte(comment), s.PolicyText()...)
	sum := s.put(site.Policy, text)
	repo := tufrepo.Repo{Site: s.w.Folder.Site(), Now: s.w.now()}
	must(t, repo.Publish("targets", []tufrepo.Target{{Path: site.Policy, SHA256: sum, Length: int64(len(text)), Custom: struct{}{}}}, s.w.Folder.Signers))
	s.metadata()
	return statement.Statement{Subject: []statement.Subject{{Name: site.Policy, SHA256: sum}}, Predicate: statement.Trust{
		File: statement.TrustPolicy, Version: 2, EffectiveNotBefore: s.w.now().Add(in).UTC().Truncate(time.Second),
	}}
}

func encodeH1() string { return base64.StdEncoding.EncodeToString(make([]byte, 32)) }

func TestPrometheus(t *testing.T) {
	r := monitor.Report{Result: monitor.Alarm, Log: "a\"b\\c\nd", Size: 7, Alarms: []monitor.Event{{}}, Types: map[string]int64{"release": 2}}
	got := string(r.Prometheus())
	for _, want := range []string{"vitrine_monitor_alarms 1\n", `vitrine_log_entries{log="a\"b\\c\nd"} 7`, `vitrine_monitor_result{result="alarm"} 1`, `vitrine_log_entries_by_type{type="release"} 2`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}
