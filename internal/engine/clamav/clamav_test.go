package clamav

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func names(t *testing.T, d *Database, v View) []string {
	t.Helper()
	s, err := d.NewScanner()
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Scan(context.Background(), v)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range r.Findings {
		out = append(out, f.Name)
	}
	slices.Sort(out)
	return out
}

func TestReport(t *testing.T) {
	sum := fmt.Sprintf("%x", md5.Sum([]byte("x")))
	_, r := load(t, Config{}, map[string]string{
		"a.hdb": "# comment\n\n" + sum + ":1:One\n" + sum + ":x:Two\nzz:1:Three\n" + sum + ":*:Four\n" + sum + ":1:\n" + sum + ":1\n" + sum + ":1:A:x\n" + sum + ":1:A:1:2\n",
		"a.ndb": "A:0:*:4142\nB:0:*:4\nC:77:*:4142\n",
		"a.ldb": "A;Target:0;0&1;4142;0/(?=x)y/\nB;Target:0,IconGroup1:x;0;4142\nC;Target:0,Container:CL_TYPE_MSWORD;0;4142\nD;Target:0;0&1;4142;0/a)b/\n",
		"a.cbc": "ClamBCafhdkjhfdf\nmore\n",
		"a.crb": "Trusted;1;" + strings.Repeat("aa", 20) + ";;bb;;1;1;1;;\nTrusted;1;aa;;bb;;1;1;1;;\nFine;0;" + strings.Repeat("aa", 20) + ";;bb;;1;1;1;;\n" +
			"Level;0;" + strings.Repeat("aa", 20) + ";;bb;;1;1;1;;;999\n",
		"a.pdb":   "R:x\nR:y\n",
		"a.ign2":  "One:zz\n\n:\na:b:c:d\nFine\n",
		"a.cdb":   "A:CL_TYPE_ZIP:*:x:*:*:*:*:*:*\nB:*:*:(:*:*:*:*:*:*\nC:*:*:*:5:*:*:*:*:*\nD:*:*:*:*:*:1:*:*:*\nE:*:*:*:*:*:7:*:*:*\nF:CL_TYPE_NO:*:*:*:*:*:*:*:*\nG:*\nH:*:*:*:*:x:*:*:*:*\n",
		"a.yara":  "rule broken { condition: nothing_known }\n",
		"b.yar":   "rule fine { condition: false }\n",
		"readme":  "not a database",
		"a.info":  "x",
		"a.ndu":   "U:0:*:4142\n",
		"long.db": strings.Repeat("a", 2<<20) + "\nA=4142\n",
	})
	want := map[string]Count{
		"hdb": {1, 0, 1, 6}, "ndb": {1, 1, 0, 1}, "ldb": {0, 4, 0, 0}, "cbc": {0, 1, 0, 0}, "crb": {1, 0, 2, 1}, "pdb": {0, 2, 0, 0},
		"ign2": {1, 0, 0, 3}, "cdb": {1, 3, 0, 4}, "yara": {0, 0, 0, 1}, "yar": {1, 0, 0, 0}, "ndu": {0, 0, 1, 0}, "db": {1, 0, 0, 1},
	}
	for kind, c := range want {
		if got := r.count(kind); *got != c {
			t.Errorf(".%s: %+v, want %+v", kind, *got, c)
		}
	}
	if len(r.Types) != len(want) {
		t.Errorf("types: %v", r.Types)
	}
	lines := strings.Join(r.Lines(), "\n")
	for _, text := range []string{".hdb: 1 loaded, 1 ignored, 6 malformed", "unsupported: bytecode is not run (1)", "unsupported: phishing lists are not used (2)"} {
		if !strings.Contains(lines, text) {
			t.Errorf("the report lacks %q:\n%s", text, lines)
		}
	}
	if p := r.Problems[0]; p.Error() == "" || !slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.File == "a.hdb" && p.Line == 4 }) {
		t.Errorf("problems: %v", r.Problems)
	}
}

func TestIgnoreByDigest(t *testing.T) {
	line := "Body.One:0:*:" + x("alpha")
	d, r := load(t, Config{}, map[string]string{
		"a.ndb":  line + "\nBody.Two:0:*:" + x("alpha") + "\n",
		"a.ign2": fmt.Sprintf("Body.One:%x\nBody.Two:%032d\n", md5.Sum([]byte(line)), 0),
	})
	if got := names(t, d, View{Data: []byte("\x00alpha")}); !slices.Equal(got, []string{"Body.Two"}) {
		t.Errorf("%v %+v", got, r.count("ndb"))
	}
}

func TestTrusted(t *testing.T) {
	data := []byte("\x00alpha")
	files := map[string]string{"a.ndb": "Body.One:0:*:" + x("alpha"), "a.hdb": fmt.Sprintf("%x:%d:Hash.One", md5.Sum(data), len(data))}
	d, _ := load(t, Config{}, files)
	if got := names(t, d, View{Data: data}); !slices.Equal(got, []string{"Body.One", "Hash.One"}) {
		t.Errorf("without a list: %v", got)
	}
	if got := names(t, d, View{Data: data, Part: true}); !slices.Equal(got, []string{"Body.One"}) {
		t.Errorf("a part: %v", got)
	}
	files["a.fp"] = fmt.Sprintf("%x:%d:Fine", md5.Sum(data), len(data))
	d, _ = load(t, Config{}, files)
	s, err := d.NewScanner()
	if err != nil {
		t.Fatal(err)
	}
	if r, err := s.Scan(context.Background(), View{Data: data}); err != nil || len(r.Findings) != 0 || !r.Trusted {
		t.Errorf("trusted: %+v %v", r, err)
	}
	if got := names(t, d, View{Data: append(data, 'x')}); !slices.Equal(got, []string{"Body.One"}) {
		t.Errorf("one byte more: %v", got)
	}
}

func TestMembers(t *testing.T) {
	d, _ := load(t, Config{}, map[string]string{"a.cdb": "Zip.Name:CL_TYPE_ZIP:*:\\.exe$:*:*:*:*:*:*\nAny.Size:*:*:*:*:100-200:*:*:*:*\nAny.First:*:1000:^a:*:*:*:1:*:*\n"})
	s, err := d.NewScanner()
	if err != nil || !d.Members() {
		t.Fatal(err)
	}
	for _, c := range []struct {
		m    Member
		want string
	}{
		{Member{"zip", 5, "x.exe", 1, 1}, "[{Zip.Name }]"}, {Member{"rar", 5, "x.exe", 1, 1}, "[]"}, {Member{"rar", 5, "x", 150, 1}, "[{Any.Size }]"},
		{Member{"rar", 5, "x", -1, 1}, "[]"}, {Member{"7z", 1000, "abc", 5, 1}, "[{Any.First }]"}, {Member{"7z", 1000, "abc", 5, 2}, "[]"},
	} {
		if got := fmt.Sprint(s.Member(c.m).Findings); got != c.want {
			t.Errorf("%+v: %s, want %s", c.m, got, c.want)
		}
	}
}

func TestContainerAttribute(t *testing.T) {
	d, _ := load(t, Config{}, map[string]string{"a.ldb": "In.Zip;Engine:51-255,Target:0,Container:CL_TYPE_ZIP;0;" + x("alpha")})
	if got := names(t, d, View{Data: []byte("\x00alpha"), Container: "zip"}); len(got) != 1 {
		t.Errorf("in a zip: %v", got)
	}
	if got := names(t, d, View{Data: []byte("\x00alpha")}); len(got) != 0 {
		t.Errorf("in nothing: %v", got)
	}
}

// pack makes a container nobody signed.
func pack(files ...string) string {
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	w := tar.NewWriter(z)
	for i := 0; i < len(files); i += 2 {
		w.WriteHeader(&tar.Header{Name: files[i], Size: int64(len(files[i+1])), Mode: 0o600})
		w.Write([]byte(files[i+1]))
	}
	w.Close()
	z.Close()
	head := fmt.Sprintf("ClamAV-VDB:01 Jan 2026 00-00 +0000:1:1:90:%x:xyz:me:1", md5.Sum(body.Bytes()))
	return head + strings.Repeat(" ", 512-len(head)) + body.String()
}

func TestContainers(t *testing.T) {
	text := pack("inner.ndb", "Body.One:0:*:"+x("alpha")+"\n", "inner.ign2", "Nobody\n", "COPYING", "do as you like")
	d, r := load(t, Config{}, map[string]string{"a.cld": text})
	if got := names(t, d, View{Data: []byte("\x00alpha")}); len(got) != 1 || len(r.Containers) != 1 {
		t.Errorf("%v %+v", got, r.Containers)
	}
	if c := r.Containers[0]; c.Time != "01 Jan 2026 00-00 +0000" || c.Builder != "me" || string(c.Licence) != "do as you like" || c.Trust.Official() {
		t.Errorf("%+v", c)
	}
	if line := r.Lines()[0]; line != "a.cld: version 1, MD5 unchecked, signature unchecked, signed list unchecked" {
		t.Errorf("%s", line)
	}
	for name, c := range map[string][2]string{
		"nobody signed it": {text, "not that of ClamAV's makers"},
		"damaged":          {text[:600] + "x" + text[601:], "a.cvd"},
		"no container":     {"hello", "header is missing"},
	} {
		if err := NewLoader(Config{}).Add("a.cvd", strings.NewReader(c[0])); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOrder(t *testing.T) {
	for name, want := range map[string]int{"x.ign2": 0, "daily.cvd": 1, "main.cld": 1, "a.HDB": 2, "a.yara": 2, "a.cbc": 2, "freshclam.dat": -1, "README": -1, "a.cvd.sign": -1} {
		if got := Order(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

// TestNothingStays scans executables and others in turn with one scanner: the
// places of one file's sections must not serve for the next.
func TestNothingStays(t *testing.T) {
	d, _ := load(t, Config{}, map[string]string{"a.ndb": "At.Entry:1:EP+0:" + x("entry") + "\nAt.Two:6:S1+0:" + x("elf")})
	s, err := d.NewScanner()
	if err != nil {
		t.Fatal(err)
	}
	broken := append([]byte("MZ"), samplePE()[2:]...)
	broken[0x80] = 'X'
	for i, c := range []struct {
		data []byte
		want int
	}{{samplePE(), 1}, {broken, 0}, {sampleELF(), 1}, {[]byte("MZ" + strings.Repeat("entry", 300)), 0}, {samplePE(), 1}} {
		r, err := s.Scan(context.Background(), View{Data: c.data})
		if err != nil || len(r.Findings) != c.want {
			t.Errorf("%d: %v %v", i, r.Findings, err)
		}
	}
}

func TestCancelled(t *testing.T) {
	d, _ := load(t, Config{}, databases())
	s, err := d.NewScanner()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := s.Scan(ctx, View{Data: samples()["pe.bin"]}); err == nil {
		t.Error("a scan that was called off ends without an error")
	}
}

// FuzzLoad reads any bytes as any type of database, and scans with what comes
// of it.
func FuzzLoad(f *testing.F) {
	for name, text := range databases() {
		f.Add(name, text, []byte("\x01alpha"))
	}
	f.Add("a.cld", pack("a.ndb", "A:0:*:4142"), []byte("AB"))
	f.Add("a.cdb", "A:CL_TYPE_ZIP:*:x:*:*:*:*:*:*", []byte("MZ"))
	f.Fuzz(func(t *testing.T, name, text string, data []byte) {
		if len(text) > 2000 || len(data) > 4000 {
			return
		}
		l := NewLoader(Config{Unwanted: true})
		if err := l.Add(name, strings.NewReader(text)); err != nil {
			return
		}
		d, err := l.Finish()
		if err != nil {
			t.Fatal(err)
		}
		c := l.Report().Total()
		if c.Loaded < 0 || c.Unsupported < 0 {
			t.Errorf("%+v", c)
		}
		s, err := d.NewScanner()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Scan(context.Background(), View{Data: data}); err != nil {
			t.Fatal(err)
		}
	})
}
