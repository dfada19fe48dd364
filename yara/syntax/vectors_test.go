package syntax

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// vector is what this package needs of a line of the conformance table.
type vector struct {
	ID     string `json:"id"`
	Rule   string `json:"rule"`
	RawB64 []byte `json:"rule_b64"`
	YARA4  string `json:"yara458"`
	YARAX  string `json:"yarax120"`
	Code   string `json:"error_code"`
}

func readVectors(t *testing.T) []vector {
	t.Helper()
	dir := os.Getenv("VITRINE_VECTORS")
	switch {
	case dir == "":
		dir = filepath.Join("..", "..", "..", "shared", "vectors")
	case !filepath.IsAbs(dir):
		dir = filepath.Join("..", "..", dir)
	}
	f, err := os.Open(filepath.Join(dir, "yara", "conformance.jsonl"))
	if err != nil {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatalf("conformance table required: %v", err)
		}
		t.Skipf("no conformance table, set VITRINE_VECTORS: %v", err)
	}
	defer f.Close()
	var all []vector
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		if v.RawB64 == nil {
			v.RawB64 = []byte(v.Rule)
		}
		all = append(all, v)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// stricter lists what YARA 4 accepts and this package refuses on purpose: a
// comment that never ends hides rules without a word.
var stricter = map[string]bool{
	"yara-x/compiler/errors/128": true,
	"yara-x/compiler/errors/129": true,
}

// TestVectorsParse parses every rule of the table that one of the engines
// compiles, in the dialect of that engine.
func TestVectorsParse(t *testing.T) {
	accepted := func(verdict string) bool { return verdict == "match" || verdict == "nomatch" }
	count := 0
	for _, v := range readVectors(t) {
		for _, d := range []struct {
			verdict string
			o       Options
		}{{v.YARA4, Options{}}, {v.YARAX, Options{YARAX: true}}} {
			if !accepted(d.verdict) || stricter[v.ID] {
				continue
			}
			count++
			if _, errs := Parse(v.ID, v.RawB64, d.o); len(errs) > 0 {
				t.Errorf("%s, %+v: %v\n%s", v.ID, d.o, errs, v.RawB64)
			}
		}
	}
	if count < 3000 {
		t.Errorf("only %d rules parsed", count)
	}
}

// inHex lists syntax errors inside of hex strings, which are not looked into.
var inHex = map[string]bool{
	"yara-x/compiler/errors/79": true, "yara-x/compiler/errors/80": true, "yara-x/compiler/errors/81": true,
	"yara-x/compiler/errors/82": true, "yara-x/compiler/errors/85": true, "yara-x/compiler/errors/86": true,
}

// TestVectorsRefused wants an error in every rule that YARA-X refuses as a
// syntax error, an integer out of range or a wrong escape.
func TestVectorsRefused(t *testing.T) {
	count := 0
	for _, v := range readVectors(t) {
		syntactic := v.Code == "E001" || v.Code == "E021" || v.Code == "E029" || v.Code == "E030" || v.Code == "E019"
		if !syntactic || inHex[v.ID] || v.ID == "yara-x/compiler/errors/143" { // 143: the error is in an included file
			continue
		}
		count++
		if f, errs := Parse(v.ID, v.RawB64, Options{YARAX: true}); len(errs) == 0 {
			t.Errorf("%s: no error, %s", v.ID, dumpFile(f))
		}
	}
	if count < 25 {
		t.Errorf("only %d rules refused", count)
	}
}
