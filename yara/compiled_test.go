package yara

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vitrine/yara/internal/blob"
	"vitrine/yara/internal/ir"
)

// everything uses each kind of string, operation and metadata at least once.
const everything = `import "pe" import "math" import "hash" import "elf" import "console"
global private rule always : a_tag another { meta: text = "a" number = -5 yes = true condition: filesize >= 0 }
rule texts { meta: author = "somebody" strings: $a = "needle" $b = "Nee" nocase wide ascii fullword $c = "secret" xor(1-9)
  $d = "some text here" base64 $e = "other text" base64wide("!@#$%^&*(){}[].,|ABCDEFGHIJ\x09LMNOPQRSTUVWXYZabcdefghijklmnopqrstu")
  condition: any of them or #a > 2 and @a[1] < 100 and !b[1] == 3 }
rule hexes { strings: $a = { 4D 5A [2-4] ( 50 | 51 52 ) ?F } $b = { 61 [300-] 62 } $c = { 7F 45 4C 46 } private
  condition: $c at 0 or $a in (0..filesize) or $b or for any of them : ($ at 3 and # == 1) }
rule regexes { strings: $a = /ab+c[0-9]{2,5}x/i wide ascii $b = /\bfoo.*?bar$/s $c = /[a-z]*1/ condition: 2 of them or all of ($a*) }
rule conditions { strings: $a = "lib" condition: for any i in (1..#a) : (@a[i] > 10 and uint16be(@a[i]) == 0x6C69)
  or for all s in ("x", "y") : (s != "z") and with n = #a, m = n + 1 : (m > n and m * 1.5 > 1.0)
  or 50% of them or texts and any of (tex*) or "abc" matches /^a.c$/ or not defined pe.number_of_sections }
rule modules { condition: for any s in pe.sections : (s.name contains ".tex" and math.entropy(s.raw_data_offset, s.raw_data_size) > 1.0)
  or for any k, v in pe.version_info : (k == "CompanyName" and v icontains "us") or pe.version_info["x"] == "y"
  or pe.imports(/kernel/i, /Create/) > 0 or pe.sections[0].name == "x" or hash.md5(0, filesize) == "x" or elf.type == elf.ET_EXEC
  or console.log("seen") and false or level > 3 and name == "n" and ratio > 0.5 and on }
rule signed { condition: for any s in pe.sections : (s.name == ".text" or s.name == ".code") }
`

func everythingExternals() map[string]any {
	return map[string]any{"level": 7, "name": "n", "ratio": 0.75, "on": true}
}

func compileEverything(t testing.TB) *Rules {
	return mustCompile(t, Config{Externals: everythingExternals()}, everything)
}

func marshal(t testing.TB, r *Rules) []byte {
	t.Helper()
	data, err := r.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func load(t testing.TB, data []byte) *Rules {
	t.Helper()
	r, err := Load(data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// normal makes empty lists nil: how an empty list is kept is no difference.
func normal(r Rule) Rule {
	r.Tags, r.Meta, r.Strings = append([]string(nil), r.Tags...), append([]Meta(nil), r.Meta...), append([]StringInfo(nil), r.Strings...)
	for i := range r.Strings {
		r.Strings[i].Value = append([]byte(nil), r.Strings[i].Value...)
	}
	return r
}

func TestLoadGivesTheSameRules(t *testing.T) {
	rules := compileEverything(t)
	loaded := load(t, marshal(t, rules))
	if loaded.Len() != rules.Len() {
		t.Fatalf("%d rules of %d", loaded.Len(), rules.Len())
	}
	want, got := slices.Collect(rules.All()), slices.Collect(loaded.All())
	for i := range want {
		if !reflect.DeepEqual(normal(*want[i]), normal(*got[i])) {
			t.Errorf("rule %d:\n%+v\n%+v", i, *got[i], *want[i])
		}
	}
	if got, want := marshal(t, loaded), marshal(t, rules); !bytes.Equal(got, want) {
		t.Error("what was loaded is written otherwise")
	}
}

func TestMarshalIsDeterministic(t *testing.T) {
	want := marshal(t, compileEverything(t))
	for range 5 {
		if !bytes.Equal(marshal(t, compileEverything(t)), want) {
			t.Fatal("the same rules give other bytes")
		}
	}
}

// TestEmptyVector holds the first vector of the specification.
func TestEmptyVector(t *testing.T) {
	data := marshal(t, mustCompile(t, Config{}, ""))
	const sum = "9d9b8a69cbe46662366c8b0d39b60d3620e795e349bf48dbc1b2a82c8a74ea9c"
	if got := hex.EncodeToString(data[32:64]); len(data) != 840 || got != sum {
		t.Errorf("%d bytes, sum %s", len(data), got)
	}
	if load(t, data).Len() != 0 {
		t.Error("rules in nothing")
	}
}

// samples are data that the rules of everything find something in.
func samples() map[string]string {
	return map[string]string{
		"nothing": "xyz", "empty": "", "texts": "a needle, needle needle N\x00e\x00e\x00 `" + "\"7&'01e\"", "exe": "MZ\x90\x00PP\x1f" + strings.Repeat("a", 400) + "b",
		"elf": "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 80), "regex": "abbc123x foo and bar\n11 z1 foo bar", "lib": strings.Repeat("..........lib", 3),
		"base64": "c29tZSB0ZXh0IGhlcmU=",
	}
}

func TestLoadedRulesFindTheSame(t *testing.T) {
	rules := compileEverything(t)
	loaded := load(t, marshal(t, rules))
	for name, data := range samples() {
		for _, c := range []ScanConfig{{}, {Matches: true}, {Externals: map[string]any{"level": 1}}} {
			want, got := mustScan(t, rules, c, data).show(), mustScan(t, loaded, c, data).show()
			if !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
	}
	if _, err := NewScanner(loaded, ScanConfig{Externals: map[string]any{"level": "high"}}); err == nil {
		t.Error("an external variable changes its type")
	}
}

// TestLoadedBase64 holds what only YARA-X asks: that the text really decodes.
func TestLoadedBase64(t *testing.T) {
	text := `rule r { strings: $a = "some text" base64 $b = "a key" xor fullword condition: any of them }`
	rules := mustCompile(t, Config{Dialect: YARAX}, text)
	loaded := load(t, marshal(t, rules))
	for _, data := range []string{"c29tZSB0ZXh0", "c29tZSB0ZXh1", "xc29tZSB0ZXh0x", "`!jdx", "a`!jdxb"} {
		want, got := mustScan(t, rules, ScanConfig{Matches: true}, data).show(), mustScan(t, loaded, ScanConfig{Matches: true}, data).show()
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", data, got, want)
		}
	}
}

// TestLoadedGeneratedRules does the same with rules of every form.
func TestLoadedGeneratedRules(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for range 150 {
		choices := make([]byte, 200)
		for i := range choices {
			choices[i] = byte(rng.IntN(256))
		}
		g := &generator{chooser: chooser{choices}}
		rules := mustCompile(t, Config{Externals: generatedExternals()}, g.ruleSet())
		loaded := load(t, marshal(t, rules))
		data := string(container(rng.IntN(4), []byte("abcab cabba abca aabbcc 61 bca abcaabc MZ")))
		want, got := mustScan(t, rules, ScanConfig{Matches: true}, data).show(), mustScan(t, loaded, ScanConfig{Matches: true}, data).show()
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// section gives where a section of a blob begins, and its length.
func section(data []byte, s blob.Section) (at, n int) {
	entry := data[64+16*int(s):]
	return int(binary.LittleEndian.Uint64(entry)), int(binary.LittleEndian.Uint64(entry[8:]))
}

// TestLoadRefuses holds the refusals that the specification lists.
func TestLoadRefuses(t *testing.T) {
	whole := marshal(t, compileEverything(t))
	put := func(s blob.Section, record, word int, v uint32, size int) func([]byte) []byte {
		return func(d []byte) []byte {
			at, _ := section(d, s)
			binary.LittleEndian.PutUint32(d[at+record*size+4*word:], v)
			return d
		}
	}
	tests := []struct {
		name, want string
		unsealed   bool
		change     func([]byte) []byte
	}{
		{"nothing", "not compiled rules", true, func([]byte) []byte { return nil }},
		{"yarac's", "not compiled rules", true, func([]byte) []byte { return []byte("YARA\x00\x00") }},
		{"magic alone", "cut off", true, func(d []byte) []byte { return d[:8] }},
		{"cut", "the header says", true, func(d []byte) []byte { return d[:len(d)-1] }},
		{"longer", "the header says", true, func(d []byte) []byte { return append(d, 0) }},
		{"version", "format version 9", true, func(d []byte) []byte { d[8] = 9; return d }},
		{"a bit", "checksum", true, func(d []byte) []byte { d[len(d)/2] ^= 1; return d }},
		{"the checksum", "checksum", true, func(d []byte) []byte { d[40] ^= 1; return d }},
		{"features", "features", false, func(d []byte) []byte { d[12] ^= 0x80; return d }},
		{"sections", "header", false, func(d []byte) []byte { d[24]--; return d }},
		{"a section elsewhere", "section 3 is not where", false, func(d []byte) []byte { d[64+16*3] += 8; return d }},
		{"a length not of records", "section 13 is not where", false, func(d []byte) []byte { d[64+16*13+8]++; return d }},
		{"an operation", "operation", false, put(blob.Nodes, 1, 0, 200, 20)},
		{"a node under itself", "two places", false, put(blob.Rules, 1, 3, 1, 16)},
		{"a text outside", "outside of section 1", false, put(blob.Namespaces, 0, 1, 1<<30, 8)},
		{"bytes outside", "outside of section 2", false, put(blob.Atoms, 0, 1, 1<<30, 24)},
		{"a namespace", "namespace", false, put(blob.Rules, 0, 0, 9, 16)},
		{"strings", "section 6", false, put(blob.Rules, 0, 2, 1, 16)},
		{"descriptions", "descriptions", false, put(blob.Blocks, 0, 0, 2, 12)},
		{"a description's block", "packed", false, put(blob.Blocks, 0, 2, 2, 12)},
		{"a string's pattern", "pattern", false, put(blob.Strings, 0, 0, 999, 8)},
		{"flags", "flags", false, put(blob.Patterns, 0, 0, 1<<20, 16)},
		{"an anchor", "anchored", false, put(blob.Patterns, 0, 1, 5, 16)},
		{"an instruction", "program", false, put(blob.Code, 0, 0, 0xFF0F, 1)},
		{"a program's length", "program", false, put(blob.Programs, 0, 1, 1<<31, 72)},
		{"an atom's program", "program", false, put(blob.Atoms, 0, 4, 9999, 24)},
		{"a rule's ways", "section 27", false, put(blob.Facts, 0, 0, 0x800, 28)},
		{"a wake", "pattern", false, put(blob.Wakes, 0, 0, 9999, 4)},
		{"a need's field", "asks a module", false, put(blob.Needs, 0, 1, 9999, 16)},
		{"a need's element", "asks a module", false, put(blob.Needs, 0, 2, 9999, 16)},
		{"a need's texts", "section 31", false, put(blob.Needs, 0, 3, 9999, 16)},
		{"a text needed", "asks a module", false, put(blob.Keys, 0, 0, 9999, 4)},
		{"a module", "module", false, put(blob.Modules, 0, 1, 1, 8)},
		{"a field", "does not have", false, put(blob.Fields, 0, 1, 1, 8)},
		{"a shelf", "windows", false, put(blob.Shelves, 0, 1, 1<<20, 16)},
		{"a filter", "windows", false, put(blob.Tables, 0, 1, 99, 32)},
		{"variables", "variables", false, put(blob.Info, 0, 1, 1<<30, 16)},
	}
	for _, tt := range tests {
		data := tt.change(bytes.Clone(whole))
		if !tt.unsealed {
			blob.Seal(data)
		}
		_, err := Load(data)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v does not say %q", tt.name, err, tt.want)
		}
		if notBlob := tt.want == "not compiled rules"; notBlob != errors.Is(err, ErrNotCompiled) {
			t.Errorf("%s: ErrNotCompiled %t", tt.name, !notBlob)
		}
	}
}

// TestEveryFlippedByteIsRefused flips a bit of each byte of a blob.
func TestEveryFlippedByteIsRefused(t *testing.T) {
	data := marshal(t, mustCompile(t, Config{}, `rule r { strings: $a = "abc" condition: $a }`))
	for i := range data {
		data[i] ^= 1 << (i % 8)
		if _, err := Load(data); err == nil {
			t.Errorf("byte %d", i)
		}
		data[i] ^= 1 << (i % 8)
	}
}

// scanAll scans with whatever a damaged blob gave.
func scanAll(t *testing.T, r *Rules) {
	t.Helper()
	s, err := NewScanner(r, ScanConfig{Matches: true, MaxMatches: 100, MaxLoop: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, all := range []bool{false, true} {
		s.all = all
		for _, data := range samples() {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			_, err := s.Scan(ctx, []byte(data))
			cancel()
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestDamagedBlobsAreHarmless changes bytes and mends the checksum, so that
// what lies behind it is tried.
func TestDamagedBlobsAreHarmless(t *testing.T) {
	whole := marshal(t, compileEverything(t))
	rng := rand.New(rand.NewPCG(5, 6))
	loaded := 0
	for range 600 {
		data := bytes.Clone(whole)
		for range 1 + rng.IntN(3) {
			damage(data, rng.IntN(len(data)-64), byte(1+rng.IntN(255)))
		}
		if r, err := Load(data); err == nil {
			loaded++
			scanAll(t, r)
		}
	}
	if loaded == 0 {
		t.Error("nothing was loaded: nothing was tried")
	}
}

// TestDamagedCodeIsHarmless changes each byte of the code of programs, and of
// what they say of themselves.
func TestDamagedCodeIsHarmless(t *testing.T) {
	whole := marshal(t, mustCompile(t, Config{}, `rule r { strings: $a = { 4D 5A 50 [2-4] ( 50 51 52 | 51 ) ?F 61 62 63 } $b = /ab+c[0-9]{2,5}x/i wide ascii
  $c = { 60 61 62 ?? 63 64 65 [8] 66 67 68 } condition: any of them }`))
	for _, s := range []blob.Section{blob.Code, blob.Programs} {
		at, n := section(whole, s)
		for i := range n {
			for _, by := range []byte{0x01, 0x0F, 0x85, 0xFF} {
				data := bytes.Clone(whole)
				damage(data, at+i-64, by)
				if r, err := Load(data); err == nil {
					scanAll(t, r)
				}
			}
		}
	}
}

// damage changes a byte behind the checksum and mends that.
func damage(data []byte, at int, by byte) {
	data[64+at] ^= by
	blob.Seal(data)
}

// TestChangesAfterLoading changes bytes that rules were loaded from and are used in
// place: a scan may panic as Go programs do, and ends.
func TestChangesAfterLoading(t *testing.T) {
	whole := marshal(t, compileEverything(t))
	rng := rand.New(rand.NewPCG(15, 16))
	for range 300 {
		data := bytes.Clone(whole)
		r := load(t, data)
		for range 1 + rng.IntN(20) {
			data[rng.IntN(len(data))] ^= byte(1 + rng.IntN(255))
		}
		func() {
			defer func() {
				if p, isError := recover().(error); isError && !strings.HasPrefix(p.Error(), "runtime error: ") {
					t.Error(p)
				}
			}()
			scanAll(t, r)
		}()
	}
}

// TestCircleAfterLoading: a condition that comes to contain itself ends.
func TestCircleAfterLoading(t *testing.T) {
	data := marshal(t, mustCompile(t, Config{}, `rule r { condition: not (filesize > 99 and filesize < 1000) }`))
	r := load(t, data)
	at, n := section(data, blob.Nodes)
	changed := false
	for id := 0; id < n/ir.NodeLen; id++ {
		if row := data[at+id*ir.NodeLen:]; ir.Op(row[0]) == ir.Not {
			binary.LittleEndian.PutUint32(row[4:], uint32(id))
			changed = true
		}
	}
	if !changed {
		t.Fatal("there is no such node")
	}
	scanAll(t, r)
}

// TestLoadFrom: nothing that happens to the file afterwards matters.
func TestLoadFrom(t *testing.T) {
	data := marshal(t, compileEverything(t))
	r, err := LoadFrom(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	scanAll(t, r)
	for _, size := range []int64{0, 4, 100} {
		if _, err := LoadFrom(bytes.NewReader(data), size); !errors.Is(err, ErrNotCompiled) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if _, err := LoadFrom(strings.NewReader(blob.Magic), 1<<20); err == nil || errors.Is(err, ErrNotCompiled) {
		t.Errorf("a file that was cut: %v", err)
	}
}

// TestLoadedRulesAreShared: scanners of one set make its patterns at the same time.
func TestLoadedRulesAreShared(t *testing.T) {
	rules := load(t, marshal(t, compileEverything(t)))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 3 {
				for name, data := range samples() {
					s, err := NewScanner(rules, ScanConfig{})
					if err != nil {
						t.Error(err)
						return
					}
					if _, err := s.Scan(t.Context(), []byte(data)); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			}
		})
	}
	all.Wait()
}

func FuzzLoad(f *testing.F) {
	whole := marshal(f, compileEverything(f))
	f.Add([]byte{0, 0, 1})
	f.Add([]byte{10, 2, 255, 0x40, 3, 7})
	f.Add([]byte("each three bytes are a place and a change"))
	f.Fuzz(func(t *testing.T, changes []byte) {
		data := bytes.Clone(whole)
		for ; len(changes) >= 3; changes = changes[3:] {
			damage(data, (int(changes[0])<<8|int(changes[1]))%(len(data)-64), changes[2])
		}
		if r, err := Load(data); err == nil {
			scanAll(t, r)
		}
	})
}
