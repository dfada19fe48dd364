package build_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/build"
	"vitrine/internal/chain/build/buildtest"
	"vitrine/proof/statement"
)

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTwice(t *testing.T) {
	ctx, repo := within(t), buildtest.Repo(t)
	commit, source, err := build.Archive(ctx, repo, "main")
	must(t, err)
	if len(commit) != 40 {
		t.Errorf("commit %q", commit)
	}
	again, same, err := build.Archive(ctx, repo, commit)
	if err != nil || again != commit || !bytes.Equal(same, source) {
		t.Errorf("the archive of one commit differs from itself: %v", err)
	}
	files, err := build.Twice(ctx, buildtest.Go(t), buildtest.Recipe(), t.TempDir(), buildtest.Cache(t), build.Unpack(source))
	must(t, err)
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
		sum, size, err := build.Digest(f.Path)
		if err != nil || sum != f.SHA256 || size != f.Size || size == 0 {
			t.Errorf("%s: %x of %d bytes, %v", f.Name, sum, size, err)
		}
	}
	if want := buildtest.Recipe().Files(); !slices.Equal(names, want) || len(want) != 4 {
		t.Errorf("built %v, want %v", names, want)
	}
	if runtime.GOOS+runtime.GOARCH != "linuxamd64" {
		return
	}
	if out, err := exec.Command(files[0].Path).CombinedOutput(); err != nil || string(out) != "hello\n" {
		t.Errorf("%s says %q, %v", files[0].Name, out, err)
	}
}

// A change of the source changes the binaries it goes into, and only these.
func TestChange(t *testing.T) {
	ctx, repo := within(t), buildtest.Repo(t)
	before, err := build.Place{Dir: filepath.Join(t.TempDir(), "a"), Go: buildtest.Go(t), Cache: buildtest.Cache(t)}.Make(ctx, buildtest.Recipe(), build.Copy(repo))
	must(t, err)
	buildtest.Write(t, repo, "word/word.go", "package word\n\nconst Word = \"hullo\"\n")
	after, err := build.Place{Dir: filepath.Join(t.TempDir(), "b"), Go: buildtest.Go(t), Cache: buildtest.Cache(t)}.Make(ctx, buildtest.Recipe(), build.Copy(repo))
	must(t, err)
	for i := range before {
		same := before[i].SHA256 == after[i].SHA256
		if same != strings.HasPrefix(before[i].Name, "other_") {
			t.Errorf("%s: the same is %v", before[i].Name, same)
		}
	}
}

// What differs between the two places is seen: here, a source that is not the
// same each time.
func TestDiffer(t *testing.T) {
	repo := buildtest.Repo(t)
	n := 0
	_, err := build.Twice(within(t), buildtest.Go(t), buildtest.Recipe(), t.TempDir(), buildtest.Cache(t), func(dir string) error {
		n++
		buildtest.Write(t, repo, "word/word.go", "package word\n\nconst Word = \""+strings.Repeat("x", n)+"\"\n")
		return build.Copy(repo)(dir)
	})
	if !errors.Is(err, build.ErrDiffer) || !strings.Contains(err.Error(), "hello_linux_amd64, hello_linux_arm64") || strings.Contains(err.Error(), "other") {
		t.Errorf("got %v", err)
	}
}

// Who stops a build gets the reason back.
func TestStopped(t *testing.T) {
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(within(t))
	repo := buildtest.Repo(t)
	_, err := build.Place{Dir: filepath.Join(t.TempDir(), "a"), Go: buildtest.Go(t), Cache: buildtest.Cache(t)}.Make(ctx, buildtest.Recipe(), func(dir string) error {
		cancel(stopped)
		return build.Copy(repo)(dir)
	})
	if !errors.Is(err, stopped) {
		t.Errorf("got %v", err)
	}
}

func TestDoesNotBuild(t *testing.T) {
	repo := buildtest.Repo(t)
	for name, c := range map[string]struct{ file, text, want string }{
		"a mistake":              {"word/word.go", "package word\n\nconst Word = 1 +\n", "word.go:"},
		"a module not in go.sum": {"word/word.go", "package word\n\nimport \"example.org/elsewhere\"\n\nconst Word = elsewhere.Word\n", "example.org/elsewhere"},
		"another toolchain":      {"go.mod", "module example.org/small\n\ngo 1.999\n", "go >= 1.999"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, build.Copy(repo)(dir))
			buildtest.Write(t, dir, c.file, c.text)
			g := *buildtest.Go(t)
			g.Proxy = "off"
			_, err := build.Place{Dir: filepath.Join(t.TempDir(), "a"), Go: &g, Cache: buildtest.Cache(t)}.Make(within(t), buildtest.Recipe(), build.Copy(dir))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestOf(t *testing.T) {
	r := build.Standard()
	var names []string
	for _, f := range r.Files() {
		names = append(names, "release/v1/"+f)
	}
	got, err := build.Of(names, r.Build())
	if err != nil || !slices.Equal(got.Commands, r.Commands) || !slices.Equal(got.Platforms, r.Platforms) {
		t.Errorf("%+v, %v", got, err)
	}
	for name, c := range map[string]struct {
		names  []string
		change func(*statement.Build)
		want   string
	}{
		"another program":  {names, func(b *statement.Build) { b.Command[0] = "/bin/sh" }, "another recipe"},
		"another flag":     {names, func(b *statement.Build) { b.Command[2] = "-toolexec=evil" }, "another recipe"},
		"another variable": {names, func(b *statement.Build) { b.Env[0] = "CGO_ENABLED=1" }, "another recipe"},
		"one more":         {names, func(b *statement.Build) { b.Env = append(b.Env, "ZZ=1") }, "another recipe"},
		"no platform":      {append(slices.Clone(names), "release/v1/vitrine"), func(*statement.Build) {}, "COMMAND_OS_ARCH"},
		"of the enemy":     {append(slices.Clone(names), "release/v1/vitrine_windows_amd64"), func(*statement.Build) {}, "COMMAND_OS_ARCH"},
		"one is missing":   {names[1:], func(*statement.Build) {}, "5 binaries"},
	} {
		b := r.Build()
		c.change(&b)
		if _, err := build.Of(c.names, b); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// The recipe is what the log can hold, and names each thing once.
func TestRecipeIsAStatement(t *testing.T) {
	b := build.Standard().Build()
	if !slices.IsSorted(b.Env) {
		t.Errorf("not ascending: %q", b.Env)
	}
	for _, need := range []string{"-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid="} {
		if !slices.Contains(b.Command, need) {
			t.Errorf("%s is missing", need)
		}
	}
}

// The hash of the toolchain is the one that the Go checksum database has. For
// other versions than this there is nothing to compare with.
func TestToolchainHash(t *testing.T) {
	g := buildtest.Go(t)
	known := map[string]string{"go1.26.8 linux-amd64": "h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM="}
	want := known[g.Toolchain.Version+" "+g.Platform]
	if want == "" {
		t.Skipf("no hash known here for %s %s", g.Toolchain.Version, g.Platform)
	}
	if g.Toolchain.H1 != want {
		t.Errorf("%s, want %s", g.Toolchain.H1, want)
	}
}

func archive(t *testing.T, entries ...*tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range entries {
		h.Mode = 0o644
		must(t, w.WriteHeader(h))
		_, err := w.Write(make([]byte, h.Size))
		must(t, err)
	}
	must(t, w.Close())
	return out.Bytes()
}

// An archive writes nowhere but into its folder.
func TestUnpackStaysInside(t *testing.T) {
	for name, list := range map[string][]*tar.Header{
		"above":          {{Name: "../x", Typeflag: tar.TypeReg, Size: 3}},
		"from the root":  {{Name: "/x", Typeflag: tar.TypeReg, Size: 3}},
		"through a link": {{Name: "a", Typeflag: tar.TypeSymlink, Linkname: ".."}, {Name: "a/x", Typeflag: tar.TypeReg, Size: 3}},
		"a device":       {{Name: "x", Typeflag: tar.TypeChar}},
		"a hard link":    {{Name: "x", Typeflag: tar.TypeLink, Linkname: "y"}},
		"twice":          {{Name: "x", Typeflag: tar.TypeReg}, {Name: "x", Typeflag: tar.TypeReg}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "in")
			must(t, os.Mkdir(dir, 0o755))
			if err := build.Unpack(archive(t, list...))(dir); err == nil {
				t.Error("taken")
			}
			if _, err := os.Lstat(filepath.Join(filepath.Dir(dir), "x")); err == nil {
				t.Error("written outside")
			}
		})
	}
	if err := build.Unpack([]byte("no archive at all, and long enough to be none"))(t.TempDir()); err == nil {
		t.Error("taken")
	}
}

// A sparse file of a few hundred bytes can stand for as much as one likes.
func TestUnpackIsBounded(t *testing.T) {
	for name, h := range map[string]*tar.Header{
		"one huge":  {Name: "x", Typeflag: tar.TypeReg, PAXRecords: sparse("1000000000000")},
		"too large": {Name: "x", Typeflag: tar.TypeReg, PAXRecords: sparse("536870913")},
	} {
		h.Mode, h.Format = 0o644, tar.FormatPAX
		records := ""
		for _, k := range []string{"GNU.sparse.major", "GNU.sparse.minor", "GNU.sparse.name", "GNU.sparse.realsize"} {
			records += record(k, h.PAXRecords[k])
		}
		data := slices.Concat(block("PaxHeaders/x", 'x', len(records)), padded(records), block("x", '0', 512), padded("0\n"), make([]byte, 1024))
		dir := t.TempDir()
		if err := build.Unpack(data)(dir); err == nil || !strings.Contains(err.Error(), "bytes in all") {
			t.Errorf("%s: got %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "x")); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func sparse(size string) map[string]string {
	return map[string]string{"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "x", "GNU.sparse.realsize": size}
}

// record is a record of a pax header: its own length comes first.
func record(key, value string) string {
	text := " " + key + "=" + value + "\n"
	for n := len(text); ; n++ {
		if all := strconv.Itoa(n) + text; len(all) == n {
			return all
		}
	}
}

// block is a header of a tar file.
func block(name string, kind byte, size int) []byte {
	b := make([]byte, 512)
	copy(b, name)
	copy(b[100:], "0000644\x000000000\x000000000\x00")
	copy(b[124:], fmt.Sprintf("%011o\x00%011o\x00", size, 0))
	copy(b[148:], "        ")
	b[156] = kind
	copy(b[257:], "ustar\x0000")
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

func padded(text string) []byte {
	return append([]byte(text), make([]byte, (512-len(text)%512)%512)...)
}

func FuzzUnpack(f *testing.F) {
	f.Add(slices.Concat(block("a/b", '0', 1), padded("x"), make([]byte, 1024)))
	f.Add(slices.Concat(block("../b", '0', 1), padded("x"), make([]byte, 1024)))
	f.Add(slices.Concat(block("a", '2', 0), block("a/b", '0', 1), padded("x"), make([]byte, 1024)))
	above := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := filepath.Join(above, "in")
		if err := os.RemoveAll(dir); err != nil {
			t.Skip(err)
		}
		must(t, os.Mkdir(dir, 0o755))
		_ = build.Unpack(data)(dir)
		if entries, err := os.ReadDir(above); err != nil || len(entries) != 1 {
			t.Errorf("outside: %v, %v", entries, err)
		}
	})
}

func TestNoSuchCommit(t *testing.T) {
	repo := buildtest.Repo(t)
	for _, ref := range []string{"nowhere", "--output=x", "main:word"} {
		if _, _, err := build.Archive(within(t), repo, ref); err == nil {
			t.Errorf("%s: taken", ref)
		}
	}
}
