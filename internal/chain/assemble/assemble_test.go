package assemble_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/assemble"
	"vitrine/internal/chain/build"
	"vitrine/internal/chain/build/buildtest"
	"vitrine/internal/durable/durabletest"

	"golang.org/x/mod/sumdb/tlog"
)

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func small(t *testing.T, repo string) assemble.Config {
	return assemble.Config{
		Repo: repo, Ref: "main", URL: "https://example.org/small", Version: "v0.3.0", Location: "here", Recipe: buildtest.Recipe(),
		Out: filepath.Join(durabletest.Dir(t), "out"), Work: t.TempDir(), Go: buildtest.Go(t), Cache: buildtest.Cache(t),
	}
}

// Two assemblies of one commit are the same, file for file.
func TestAssemble(t *testing.T) {
	repo := buildtest.Repo(t)
	one, two := small(t, repo), small(t, repo)
	buildtest.Write(t, repo, "word/word.go", "this is not committed, and does not count")
	m, err := assemble.Assemble(within(t, 5*time.Minute), one)
	must(t, err)
	_, err = assemble.Assemble(within(t, 5*time.Minute), two)
	must(t, err)
	read, err := build.ReadManifest(one.Out)
	if err != nil || len(read.Files()) != 4+4+2 || read.Commit != m.Commit {
		t.Fatalf("%+v, %v", read, err)
	}
	for _, f := range append(read.Files(), build.Item{Name: build.ManifestName}) {
		a, err := os.ReadFile(filepath.Join(one.Out, f.Name))
		must(t, err)
		b, err := os.ReadFile(filepath.Join(two.Out, f.Name))
		must(t, err)
		if !slices.Equal(a, b) || strings.Contains(string(a), one.Work) {
			t.Errorf("%s differs, or tells where it was made", f.Name)
		}
		if sum, size, err := build.Digest(filepath.Join(one.Out, f.Name)); f.Size != 0 && (err != nil || sum != f.SHA256 || size != f.Size) {
			t.Errorf("%s is not what the manifest says: %v", f.Name, err)
		}
	}
	s, err := read.Statement(1, tlog.Hash{})
	must(t, err)
	if _, err := s.Marshal(); err != nil || len(s.Subject) != 4 || s.Subject[0].Name != "release/v0.3.0/hello_linux_amd64" {
		t.Errorf("%+v, %v", s, err)
	}
}

// What a stranger reads in the provenance and in a bill of materials.
func TestSays(t *testing.T) {
	c := small(t, buildtest.Repo(t))
	m, err := assemble.Assemble(within(t, 5*time.Minute), c)
	must(t, err)
	for name, need := range map[string][]string{
		build.ProvenanceFile: {
			`"https://slsa.dev/provenance/v1"`, `"gitCommit": "` + m.Commit, `"-ldflags=-s -w -buildid="`, `"urn:vitrine:assembly:here"`,
			`"pkg:golang/golang.org/toolchain@v0.0.1-` + m.Go, `"dirHash": "`, `"GOFLAGS=-mod=readonly"`,
		},
		"hello_linux_arm64" + build.SBOMSuffix: {`"CycloneDX"`, `"pkg:golang/std@go1.`, `"example.org/small"`, `"SHA-256"`},
	} {
		data, err := os.ReadFile(filepath.Join(c.Out, name))
		must(t, err)
		if !json.Valid(data) {
			t.Errorf("%s is no JSON", name)
		}
		for _, text := range need {
			if !strings.Contains(string(data), text) {
				t.Errorf("%s does not say %s", name, text)
			}
		}
		for _, never := range []string{"timestamp", "startedOn", "finishedOn", "serialNumber", time.Now().Format("2006-01-")} {
			if strings.Contains(string(data), never) {
				t.Errorf("%s says %s", name, never)
			}
		}
	}
}

func TestRefuses(t *testing.T) {
	repo := buildtest.Repo(t)
	for name, c := range map[string]struct {
		change func(*assemble.Config)
		want   string
	}{
		"no such commit":     {func(c *assemble.Config) { c.Ref = "nowhere" }, "nowhere"},
		"no version":         {func(c *assemble.Config) { c.Version = "0.3.0" }, "such as v0.3.0"},
		"nameless":           {func(c *assemble.Config) { c.Location = "" }, "location"},
		"a folder with work": {func(c *assemble.Config) { c.Out = repo }, "not empty"},
	} {
		t.Run(name, func(t *testing.T) {
			config := small(t, repo)
			c.change(&config)
			if _, err := assemble.Assemble(within(t, time.Minute), config); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
			if _, err := os.Stat(filepath.Join(config.Out, build.ManifestName)); err == nil {
				t.Error("there is a release all the same")
			}
		})
	}
}
