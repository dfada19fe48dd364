package bundle

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"vitrine/internal/engine/starter"

	"github.com/klauspost/compress/zstd"
)

func config() Config {
	return Config{
		Channel: "core", Serial: 7,
		Sources: []File{
			{"set/b.yar", []byte(`rule bad { strings: $a = "very bad thing" condition: gate and $a }`)},
			{"set/a.yar", []byte(`private rule gate { condition: filesize > 3 }`)},
			{"other.yar", []byte("include \"set/a.yar\"\nrule bad { strings: $a = \"other bad thing\" condition: gate and $a }")},
		},
		Detect: []File{{"one", []byte("a very bad thing here")}},
		Expect: map[string][]string{"one": {"bad"}},
		Clean:  []File{{"good", []byte("a very good thing here")}},
	}
}

func mustMake(t *testing.T, c Config) *Bundle {
	t.Helper()
	b, err := Make(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustMarshal(t *testing.T, b *Bundle) []byte {
	t.Helper()
	data, err := b.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRoundTrip(t *testing.T) {
	data := mustMarshal(t, mustMake(t, config()))
	again := config()
	again.Sources[0], again.Sources[2] = again.Sources[2], again.Sources[0]
	if !bytes.Equal(mustMarshal(t, mustMake(t, again)), data) {
		t.Error("the order of the sources changes the bundle")
	}
	b, err := Open(data)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := b.SelfTest(context.Background(), nil)
	if err != nil || b.Reproduce() != nil || b.Manifest.Serial != 7 || b.Manifest.Channel != "core" || rules.Len() != b.Manifest.Rules {
		t.Errorf("%+v: %v, %v", b.Manifest, err, b.Reproduce())
	}
}

func TestStarterRules(t *testing.T) {
	c := Config{Channel: "core", Serial: 1}
	for _, s := range starter.Sources() {
		c.Sources = append(c.Sources, File{"starter/" + s.Name, s.Text})
	}
	b, err := Open(mustMarshal(t, mustMake(t, c)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.SelfTest(context.Background(), nil); err != nil || b.Manifest.Rules < 100 || b.Reproduce() != nil {
		t.Errorf("%d rules, %v, %v", b.Manifest.Rules, err, b.Reproduce())
	}
}

func TestSelfTest(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		also   []File
		want   string
	}{
		"not found":         {func(c *Config) { c.Detect[0].Data = []byte("nothing") }, nil, "the rule bad does not match one"},
		"found in clean":    {func(c *Config) { c.Clean[0].Data = c.Detect[0].Data }, nil, "the rule bad matches good"},
		"found on machine":  {func(*Config) {}, []File{{"/bin/sh", []byte("a very bad thing")}}, "the rule bad matches /bin/sh"},
		"wrong rule wanted": {func(c *Config) { c.Expect["one"] = []string{"worse"} }, nil, "the rule worse does not match one"},
	} {
		cfg := config()
		c.change(&cfg)
		_, err := mustMake(t, cfg).SelfTest(context.Background(), c.also)
		if !errors.Is(err, ErrSelfTest) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNotPublished(t *testing.T) {
	for text, want := range map[string]string{
		`rule r { condition: hostname == "victim" }`:                              `hostname`,
		`import "time" rule r { condition: time.now() > 1 }`:                      `imports`,
		`import "cuckoo" rule r { condition: cuckoo.network.host(/victim/) > 0 }`: `import "cuckoo"`,
		`import "console" rule r { condition: console.log("x") }`:                 `import "console"`,
		`rule r { condition: `:                                  `x.yar`,
		`include "../../etc/passwd" rule r { condition: true }`: `not among the sources`,
		`rule r { condition: true } rule r { condition: true }`: `r`,
	} {
		c := config()
		c.Sources = []File{{"x.yar", []byte(text)}}
		if want == "imports" {
			want = `import "time"`
		}
		if _, err := Make(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestNotReproduced(t *testing.T) {
	b := mustMake(t, config())
	b.Sources[2].Data = []byte(`rule bad { strings: $a = "another thing" condition: gate and $a }`)
	opened, err := Open(mustMarshal(t, b))
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Reproduce(); !errors.Is(err, ErrNotReproduced) {
		t.Errorf("got %v", err)
	}
}

// archived packs files as they are, good or not.
func archived(t testing.TB, files ...File) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := zstd.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for _, f := range files {
		kind := byte(tar.TypeReg)
		if f.Data == nil {
			kind = tar.TypeSymlink
		}
		if err := w.WriteHeader(&tar.Header{Typeflag: kind, Name: f.Name, Linkname: "x", Size: int64(len(f.Data)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		w.Write(f.Data)
	}
	w.Close()
	z.Close()
	return out.Bytes()
}

func TestOpenRefuses(t *testing.T) {
	good, err := mustMake(t, config()).files()
	if err != nil {
		t.Fatal(err)
	}
	with := func(more ...File) []byte { return archived(t, append(append([]File{}, good...), more...)...) }
	replace := func(name, text string) []byte {
		files := append([]File{}, good...)
		for i, f := range files {
			if f.Name == name {
				files[i].Data = []byte(text)
			}
		}
		return archived(t, files...)
	}
	if _, err := Open(with()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":            {nil, "format"},
		"no zstd":            {[]byte("hello"), "magic"},
		"cut":                {with()[:200], "unexpected EOF"},
		"twice":              {with(good[0]), "there twice"},
		"link":               {with(File{"sources/x", nil}), "is no file"},
		"out of its folder":  {with(File{"sources/../../x", []byte("x")}), "a file called"},
		"absolute":           {with(File{"/etc/passwd", []byte("x")}), "a file called"},
		"unknown place":      {with(File{"hooks/post", []byte("x")}), "no meaning"},
		"other blob":         {replace(blobName, "x"), "not those that bundle.json names"},
		"other format":       {replace(manifestName, `{"format":"vitrine-bundle/2"}`), "of the format"},
		"broken manifest":    {replace(manifestName, `{`), "JSON"},
		"sample without aim": {with(File{"selftest/detect/two", []byte("x")}), "what must match"},
		"aim without sample": {replace(expectName, `{"one":["bad"],"three":["bad"]}`), `"three"`},
		"no sources":         {archived(t, good[0], good[1]), "without sources"},
	} {
		if _, err := Open(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	bomb := archived(t, File{"sources/bomb", make([]byte, 64<<20)})
	if len(bomb) > 1<<20 {
		t.Fatal("no bomb")
	}
	if _, err := Open(bomb); err == nil {
		t.Error("took a bomb")
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(archived(f, File{"bundle.json", []byte(`{"format":"vitrine-bundle/1","serial":1}`)}, File{"rules.vyr", []byte("x")}))
	f.Add([]byte("\x28\xb5\x2f\xfd"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if b, err := Open(data); err == nil {
			b.SelfTest(context.Background(), nil)
		}
	})
}
