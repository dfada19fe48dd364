package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitrine/internal/cli/clitest"
)

const schemas = "../../docs/spec/cli"

func decode(t *testing.T, text string) any {
	t.Helper()
	v, err := clitest.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The golden files of every JSON format fit the published schema.
func TestGoldenFilesFitTheSchema(t *testing.T) {
	s, err := clitest.Load(schemas + "/vitrine.scan.v1.json")
	if err != nil {
		t.Fatal(err)
	}
	golden, err := filepath.Glob("../../internal/cli/machine/scanreport/testdata/*json")
	if err != nil || len(golden) != 4 {
		t.Fatalf("%d golden files, %v", len(golden), err)
	}
	for _, path := range golden {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		documents := []string{string(text)}
		if filepath.Ext(path) == ".ndjson" {
			documents = strings.Split(strings.TrimSpace(string(text)), "\n")
		}
		for _, document := range documents {
			if problem := s.Check(decode(t, document)); problem != "" {
				t.Errorf("%s: %s", path, problem)
			}
		}
	}
}

// The checker itself can say no.
func TestSchemaRefuses(t *testing.T) {
	s, err := clitest.Load(schemas + "/vitrine.version.v1.json")
	if err != nil {
		t.Fatal(err)
	}
	good := `{"schema":"vitrine.version/v1","module":"vitrine","version":"v1","revision":"","modified":false,` +
		`"go":"go1","platform":"linux/amd64","rules":{"count":1,"sha256":""}}`
	if problem := s.Check(decode(t, good)); problem != "" {
		t.Errorf("refused: %s", problem)
	}
	for from, to := range map[string]string{
		`"count":1`: `"count":-1`, `"modified":false`: `"modified":0`, `"sha256":""`: `"sha256":"xyz"`, "version/v1": "version/v2",
		`"go":"go1",`: ``, `"version":"v1"`: `"version":"v1","extra":1`, `"count":1,`: `"count":1.5,`,
	} {
		bad := strings.Replace(good, from, to, 1)
		if bad == good || s.Check(decode(t, bad)) == "" {
			t.Errorf("accepted: %s", bad)
		}
	}
}
