package clamav

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func x(s string) string { return hex.EncodeToString([]byte(s)) }

// databases are hand-made ones of every type, over the samples.
func databases() map[string]string {
	s := samples()
	pe := s["pe.bin"]
	return map[string]string{
		"a.hdb": fmt.Sprintf("%x:%d:Hash.MD5\n%x:%d:Hash.Size-wrong\n%x:*:Hash.Any-1:73\n%x:%d:Hash.Ignored\n",
			md5.Sum(s["body.bin"]), len(s["body.bin"]), md5.Sum(s["many.bin"]), len(s["many.bin"])+1, md5.Sum(s["many.bin"]), md5.Sum(s["wide.bin"]), len(s["wide.bin"])),
		"a.hsb": fmt.Sprintf("%x:%d:Hash.SHA1\n%x:%d:Hash.SHA256\n%x:*:Hash.SHA256-any:73\n%x:%d:Hash.Future:999\n",
			sha1.Sum(s["body.bin"]), len(s["body.bin"]), sha256.Sum256(s["wide.bin"]), len(s["wide.bin"]), sha256.Sum256(s["elf.bin"]), sha1.Sum(s["pic.gif"]), len(s["pic.gif"])),
		"a.mdb":  fmt.Sprintf("512:%x:Section.MD5\n", md5.Sum(pe[0x400:0x600])),
		"a.msb":  fmt.Sprintf("512:%x:Section.SHA256\n*:%x:Section.SHA1-any:73\n", sha256.Sum256(pe[0x600:0x800]), sha1.Sum(pe[0x800:0xc00])),
		"a.fp":   fmt.Sprintf("%x:%d:Fine.One\n", md5.Sum(s["clean.bin"]), len(s["clean.bin"])),
		"a.sfp":  fmt.Sprintf("%x:%d:Fine.Two\n", sha256.Sum256(s["macho.bin"]), len(s["macho.bin"])),
		"a.ign2": "Hash.Ignored\nBody.Ignored\nLogic.Ignored\nignored_rule\n",
		"a.db":   "Old.Plain=" + x("AAAA-marker") + "\n",
		"a.ndb":  extendedLines(),
		"a.ldb":  logicalLines(),
		"a.yara": "rule plain_rule { strings: $a = \"marker\" condition: $a }\nrule ignored_rule { strings: $a = \"AAAA-marker\" condition: $a }\nrule two_things { strings: $a = \"alpha\" $b = \"beta\" condition: all of them }\n",
	}
}

func extendedLines() string {
	lines := []string{
		"Body.Any:0:*:" + x("marker-BBBB"),
		"Body.Ignored:0:*:" + x("marker-BBBB"),
		"Body.Clean:0:*:" + x("nothing of interest"),
		"Body.At:0:7:" + x("AAAA"), "Body.At-not:0:8:" + x("AAAA"), "Body.Shift:0:2,10:" + x("AAAA"), "Body.Shift-not:0:2,4:" + x("AAAA"),
		"Body.End:0:EOF-5:" + x("tail"), "Body.End-not:0:EOF-3:" + x("tail"),
		"Body.Wild:0:*:" + x("AAAA") + "??" + x("marker"), "Body.Nibble:0:*:" + x("marker") + "2?4?" + x("BB"), "Body.Low:0:*:" + x("marker") + "?d" + x("BB"),
		"Body.Star:0:*:" + x("AAAA") + "*" + x("tail"), "Body.Star-not:0:*:" + x("tail") + "*" + x("AAAA"),
		"Body.Gap:0:*:" + x("AAAA") + "{1-10}" + x("BBBB"), "Body.Gap-not:0:*:" + x("AAAA") + "{1-5}" + x("BBBB"),
		"Body.GapTo:0:*:" + x("AAAA") + "{-8}" + x("BBBB"), "Body.GapFrom:0:*:" + x("AAAA") + "{8-}" + x("BBBB"), "Body.GapFrom-not:0:*:" + x("AAAA") + "{9-}" + x("BBBB"),
		"Body.GapIs:0:*:" + x("AAAA") + "{8}" + x("BBBB"), "Body.Square:0:*:" + x("A") + "[2-4]" + x("marker"),
		"Body.Square-not:0:*:" + x("l") + "[20-22]" + x("marker"),
		"Body.Alt:0:*:" + x("AAAA-") + "(" + x("marker") + "|" + x("others") + ")" + x("-BB"), "Body.AltLen:0:*:" + x("AAAA") + "(" + x("--") + "|" + x("-marker") + "|00)" + x("-BB"),
		"Body.Not:0:*:" + x("AAAA-mark") + "!(" + x("or") + "|" + x("ar") + ")" + x("-BB"), "Body.Not-not:0:*:" + x("AAAA-mark") + "!(" + x("or") + "|" + x("er") + ")" + x("-BB"),
		"Body.NotByte:0:*:" + x("AAA") + "!(42|43)" + x("-marker"), "Body.NotByte-not:0:*:" + x("AAA") + "!(41|43)" + x("-marker"),
		"Body.Bound:0:*:(B)" + x("beta") + "(B)", "Body.Bound-not:0:*:(B)" + x("arker") + "(B)", "Body.BoundNeg:0:*:!(B)" + x("arker"),
		"Body.Word:0:*:(W)" + x("word") + "(W)", "Body.Word-not:0:*:(W)" + x("wor") + "(W)", "Body.WordMid:0:*:" + x("gamma") + "(W)" + x(" tail"),
		"Body.Line:3:*:(L)" + x("<title>"), "Body.LineEnd:0:*:" + x("</html>") + "(L)", "Body.LineEnd-not:0:*:" + x("<html>") + "(L)",
		"Type.PE:1:*:" + x("overlay-at"), "Type.PE-not:6:*:" + x("overlay-at"), "Type.EP:1:EP+0:" + x("entry-code"), "Type.EP-not:1:EP+1:" + x("entry-code"),
		"Type.EPplus:1:EP+6:" + x("code"), "Type.EPminus:1:EP-8:" + x("ro...."), "Type.EPshift:1:EP+0,10:" + x("code-here"),
		"Type.S0:1:S0+0:" + x("section zero"), "Type.S1:1:S1+8:" + x("one data"), "Type.S9:1:S9+0:" + x("section"), "Type.S1-not:1:S0+8:" + x("one data"),
		"Type.SL:1:SL+88:" + "??0034000000", "Type.SE:1:SE1:" + x("one data"), "Type.SE-not:1:SE0:" + x("one data"), "Type.SE2:1:SE0:" + x("code-here"),
		"Type.VI:1:VI:" + hex.EncodeToString(wide("CompanyName")), "Type.VI-not:1:VI:" + x("entry-code"),
		"Type.ELF:6:*:" + x("elf section"), "Type.ELF-EP:6:EP+0:" + x("elf entry"), "Type.ELF-S1:6:S1+0:" + x("elf section one"), "Type.ELF-S2:6:SE2:" + x("section two"),
		"Type.MachO:9:*:" + x("mach section"), "Type.Text:7:*:" + x("some plain text with spaces"), "Type.Text-not:7:*:" + x("Some   PLAIN"), "Type.TextRaw:0:*:" + x("Some   PLAIN"),
		"Type.HTML:3:*:" + x("<body>"), "Type.HTMLText:3:*:" + x("hello"), "Type.Mail:4:*:" + x("Subject: hello"), "Type.PDF:10:*:" + x("marker in pdf"),
		"Type.GIF:5:*:" + x("marker in gif"), "Type.Class:12:*:" + x("marker in class"), "Type.Flash:11:*:" + x("marker in flash"),
		"Type.Any:0:*:" + x("marker in "), "Level.Future:0:*:" + x("marker") + ":999", "Level.Past:0:*:" + x("marker") + ":10:20", "Level.Now:0:*:" + x("marker") + ":10:999",
	}
	return strings.Join(lines, "\n") + "\n"
}

func logicalLines() string {
	lines := []string{
		"Logic.And;Target:0;0&1;" + x("alpha") + ";" + x("beta"), "Logic.And-not;Target:0;0&1;" + x("alpha") + ";" + x("delta"),
		"Logic.Or;Target:0;0|1;" + x("alpha") + ";" + x("delta"), "Logic.Ignored;Target:0;0;" + x("alpha"),
		"Logic.Nest;Target:0;(0&1)|(2&3);" + strings.Join([]string{x("nope"), x("nope"), x("alpha"), x("gamma")}, ";"),
		"Logic.Count;Target:0;0=5;" + x("needle"), "Logic.More;Target:0;0>4;" + x("needle"), "Logic.More-not;Target:0;0>5;" + x("needle"),
		"Logic.Less;Target:0;0<3&1;" + x("thorn") + ";" + x("needle"), "Logic.Less-not;Target:0;0<2&1;" + x("thorn") + ";" + x("needle"),
		"Logic.None;Target:0;0=0&1;" + x("nope") + ";" + x("needle"), "Logic.None-not;Target:0;0=0&1;" + x("thorn") + ";" + x("needle"),
		"Logic.Sum;Target:0;(0|1)>6;" + x("needle") + ";" + x("thorn"), "Logic.Sum-not;Target:0;(0|1)>7;" + x("needle") + ";" + x("thorn"), "Logic.SumIs;Target:0;(0|1)=7;" + x("needle") + ";" + x("thorn"),
		"Logic.Distinct;Target:0;(0|1|2)>3,2;" + x("needle") + ";" + x("thorn") + ";" + x("nope"), "Logic.Distinct-not;Target:0;(0|1|2)>3,3;" + x("needle") + ";" + x("thorn") + ";" + x("nope"),
		"Logic.SumAnd;Target:0;((0|1)>6)&2;" + x("needle") + ";" + x("thorn") + ";" + x("edle.th"),
		"Logic.NoCase;Engine:81-255,Target:0;0=2;" + x("ALPHA") + "::i", "Logic.NoCaseWild;Engine:81-255,Target:0;0;" + x("aLPHa") + "??" + x("-BETA") + "::i",
		"Logic.Wide;Engine:81-255,Target:0;0;" + x("Secret") + "::w", "Logic.WideCase;Engine:81-255,Target:0;0;" + x("sECRET") + "::iw", "Logic.WideAscii;Engine:81-255,Target:0;0;" + x("Secret") + "::wa",
		"Logic.Ascii;Engine:81-255,Target:0;0;" + x("needle") + "::wa", "Logic.Full;Engine:81-255,Target:0;0=1;" + x("word") + "::f", "Logic.Full-not;Engine:81-255,Target:0;0;" + x("wor") + "::f",
		"Logic.FullCount;Engine:81-255,Target:0;0=5;" + x("needle") + "::f", "Logic.FullWide;Engine:81-255,Target:0;0;" + x("Secret") + "::fw",
		"Logic.At;Target:0;0&1;7:" + x("AAAA") + ";" + x("beta"), "Logic.At-not;Target:0;0&1;9:" + x("AAAA") + ";" + x("beta"), "Logic.Range;Target:0;0=2;1,10:" + x("needle"),
		"Logic.EP;Engine:51-255,Target:1;0&1;EP+0:" + x("entry") + ";EOF-18:" + x("overlay"), "Logic.Size;Engine:51-255,Target:1,FileSize:1000-100000;0;" + x("overlay"), "Logic.Size-not;Engine:51-255,Target:1,FileSize:1-10;0;" + x("overlay"),
		"Logic.Sections;Engine:51-255,Target:1,NumberOfSections:3-3;0;" + x("overlay"), "Logic.Sections-not;Engine:51-255,Target:1,NumberOfSections:4-9;0;" + x("overlay"),
		"Logic.Entry;Engine:51-255,Target:1,EntryPoint:1040-1040;0;" + x("overlay"), "Logic.Entry-not;Engine:51-255,Target:1,EntryPoint:1-2;0;" + x("overlay"),
		"Logic.Future;Engine:900-999,Target:0;0;" + x("alpha"),
		"Number.Big;Engine:81-255,Target:0;0&1;" + x("head") + ";0(>>6#ib2#=513)", "Number.Little;Engine:81-255,Target:0;0&1;" + x("head") + ";0(>>8#il2#>0xfe00,<0xffff)",
		"Number.Four;Engine:81-255,Target:0;0&1;" + x("tail") + ";0(<<4#ib4#<8)", "Number.High;Engine:81-255,Target:0;0&1;" + x("head") + ";0(>>6#ib2#>513)", "Number.One;Engine:81-255,Target:0;0&1;" + x("head") + ";0(>>6#ib1#=2)",
		"Regex.One;Engine:81-255,Target:0;0&1;" + x("marker") + ";0/A{4}-mark[a-f]r/", "Regex.Case;Engine:81-255,Target:0;0&1;" + x("marker") + ";0/aaaa-MARKER/i", "Regex-not;Engine:81-255,Target:0;0&1;" + x("marker") + ";0/^A{4}/",
		"Regex.Group;Engine:81-255,Target:0;1;" + x("needle") + ";0/(?:needle\\.){5}th(o|u)rn/", "Regex.Trigger-not;Engine:81-255,Target:0;0|1;" + x("nope") + ";0/needle/",
	}
	return strings.Join(lines, "\n") + "\n"
}

func load(t testing.TB, c Config, files map[string]string) (*Database, *Report) {
	t.Helper()
	l := NewLoader(c)
	names := slices.SortedFunc(maps.Keys(files), func(a, b string) int { return Order(a) - Order(b) })
	for _, name := range names {
		if err := l.Add(name, strings.NewReader(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	d, err := l.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return d, l.Report()
}

// macroDatabases are apart: clamscan 1.4 crashes when it scans PE files with
// macros loaded.
func macroDatabases() map[string]string {
	return map[string]string{
		"a.ndb": "Macro.Member:0:$12$:" + x("second") + "\n",
		"a.ldb": "Macro.Near;Engine:51-255,Target:0;0&1;" + x("first") + ";${6-12}12$\nMacro.Far-not;Engine:51-255,Target:0;0&1;" + x("first") + ";${12-20}12$\n",
	}
}

// ours gives "sample name" of every finding.
func ours(t *testing.T, d *Database, samples map[string][]byte) []string {
	s, err := d.NewScanner()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for name, data := range samples {
		r, err := s.Scan(context.Background(), View{Data: data})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Findings {
			out = append(out, name+" "+f.Name)
		}
	}
	slices.Sort(out)
	return out
}

// needClamscan gives the path of clamscan, or skips.
func needClamscan(t *testing.T) string {
	path, err := exec.LookPath("clamscan")
	if err == nil {
		return path
	}
	if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
		t.Fatal("clamscan is needed: apt-get install clamav")
	}
	t.Skip("clamscan is not installed: nothing to compare with (apt-get install clamav)")
	return ""
}

// theirs gives what clamscan finds, in the form of ours.
func theirs(t *testing.T, files map[string]string, samples map[string][]byte, args ...string) []string {
	clamscan := needClamscan(t)
	db, dir := t.TempDir(), t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(db, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range samples {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args = append([]string{"--allmatch", "--no-summary", "-r", "-d", db, dir}, args...)
	text, err := exec.Command(clamscan, args...).CombinedOutput()
	if exit, ok := err.(*exec.ExitError); err != nil && (!ok || exit.ExitCode() > 1) {
		t.Fatalf("clamscan: %v\n%s", err, text)
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		path, name, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if name, found := strings.CutSuffix(name, " FOUND"); ok && found {
			out = append(out, filepath.Base(path)+" "+strings.TrimSuffix(name, ".UNOFFICIAL"))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func difference(a, b []string) []string {
	var out []string
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}

// compare holds our findings against those of clamscan.
func compare(t *testing.T, c Config, files map[string]string, samples map[string][]byte, args ...string) {
	d, report := load(t, c, files)
	for _, p := range report.Problems {
		t.Error(p)
	}
	if n := report.Total().Unsupported; n != 0 {
		t.Errorf("%d signatures are unsupported: %v", n, report.Reasons)
	}
	got, want := ours(t, d, samples), theirs(t, files, samples, args...)
	t.Logf("%d findings of ours, %d of clamscan", len(got), len(want))
	for _, s := range difference(want, got) {
		t.Errorf("only clamscan finds %s", s)
	}
	for _, s := range difference(got, want) {
		t.Errorf("only we find %s", s)
	}
	for _, s := range got {
		if strings.HasSuffix(s, "-not") {
			t.Errorf("found: %s", s)
		}
	}
}

// TestDifferential finds the same names in the same samples as clamscan does.
func TestDifferential(t *testing.T) {
	compare(t, Config{}, databases(), samples())
}

func TestDifferentialMacros(t *testing.T) {
	compare(t, Config{}, macroDatabases(), map[string][]byte{
		"near.bin": []byte("\x01first....second\x02first....second\x03"), "far.bin": []byte("\x01first and much further second"),
	})
}

// TestDifferentialUnwanted is the same with the databases that ClamAV loads
// only when asked for potentially unwanted programs.
func TestDifferentialUnwanted(t *testing.T) {
	files, renamed := databases(), map[string]string{}
	for _, kind := range []string{"hdb", "hsb", "mdb", "msb", "ndb", "ldb"} {
		renamed["a."+kind[:2]+"u"] = files["a."+kind]
	}
	renamed["b.hdb"] = fmt.Sprintf("%032x:1:Nothing\n", 7)
	compare(t, Config{Unwanted: true}, renamed, samples(), "--detect-pua=yes")
	d, report := load(t, Config{}, renamed)
	if got := ours(t, d, samples()); len(got) != 0 || report.Total().Ignored < 100 {
		t.Errorf("unasked: %v, %+v", got, report.Total())
	}
}
