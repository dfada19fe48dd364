package quarantine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/verdict"
)

// acl is an access control list as the kernel keeps it: of the file's owner, a
// named user, the group, the mask and all others.
func acl() []byte {
	b := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range []struct {
		tag, perm uint16
		id        uint32
	}{{1, 7, 1<<32 - 1}, {2, 4, 4242}, {4, 4, 1<<32 - 1}, {16, 5, 1<<32 - 1}, {32, 4, 1<<32 - 1}} {
		b = binary.LittleEndian.AppendUint16(b, e.tag)
		b = binary.LittleEndian.AppendUint16(b, e.perm)
		b = binary.LittleEndian.AppendUint32(b, e.id)
	}
	return b
}

// capability is cap_net_bind_service=ep, as the kernel keeps it.
func capability() []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0x02000001)
	for _, v := range []uint32{1 << 10, 0, 0, 0} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

// rich gives a file all there is to keep.
func rich(t *testing.T, path string, flags int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.WriteAt([]byte(bad), 0)
	f.WriteAt([]byte(bad), 3<<20)
	steps := []error{f.Truncate(9 << 20), f.Chown(4321, 1234), unix.Fchmod(int(f.Fd()), 0o6754)}
	for name, value := range map[string][]byte{
		"user.note": []byte("a\x00b\xff"), "user.empty": {}, aclName: acl(), "security.capability": capability(),
		"trusted.own": []byte("x"), "security.selinux": []byte("system_u:object_r:bin_t:s0\x00"),
	} {
		if err := unix.Fsetxattr(int(f.Fd()), name, value, 0); err != nil {
			steps = append(steps, fmt.Errorf("%s: %w", name, err))
		}
	}
	times := []unix.Timespec{{Sec: 1e9 + 1, Nsec: 123456789}, {Sec: 1e9 - 1, Nsec: 987654321}}
	steps = append(steps, unix.UtimesNanoAt(unix.AT_FDCWD, path, times, 0), setFlags(f, flagsOf(f)|flags))
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
}

// disk is a file system in a file of the test's own, made by mkfs.KIND.
func disk(kind string, size int64) func(t *testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		asRoot(t)
		image := filepath.Join(t.TempDir(), "image")
		if err := os.WriteFile(image, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(image, size); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("/sbin/mkfs."+kind, "-q", image).CombinedOutput(); err != nil {
			missing(t, "mkfs.%s: %v: %s", kind, err, out)
		}
		dir := t.TempDir()
		if out, err := exec.Command("mount", "-o", "loop", image, dir).CombinedOutput(); err != nil {
			missing(t, "mount %s -o loop: %v: %s", kind, err, out)
		}
		t.Cleanup(func() {
			if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
				t.Errorf("unmount: %v", err)
			}
		})
		return dir
	}
}

// missing skips loudly, or fails where everything must run.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf("SKIPPED: "+format, args...)
}

// overlay is a file system whose lower layer has the files of below.
func overlay(t *testing.T, below func(dir string)) string {
	t.Helper()
	base := mounted(t, "tmpfs", "")
	parts := map[string]string{}
	for _, name := range []string{"lower", "upper", "work", "top"} {
		parts[name] = filepath.Join(base, name)
		if err := os.Mkdir(parts[name], 0o755); err != nil {
			t.Fatal(err)
		}
	}
	below(parts["lower"])
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", parts["lower"], parts["upper"], parts["work"])
	if err := unix.Mount("overlay", parts["top"], "overlay", 0, options); err != nil {
		missing(t, "mount overlay: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(parts["top"], unix.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return parts["top"]
}

func TestRestoreIsIdentical(t *testing.T) {
	asRoot(t)
	for kind, where := range map[string]func(t *testing.T) string{
		"tmpfs": func(t *testing.T) string { return mounted(t, "tmpfs", "") },
		"ext4":  disk("ext4", 64<<20),
		"xfs":   disk("xfs", 320<<20),
		"btrfs": disk("btrfs", 128<<20),
		"overlay": func(t *testing.T) string {
			return overlay(t, func(string) {})
		},
	} {
		t.Run(kind, func(t *testing.T) {
			w := worldIn(t, t.TempDir(), filepath.Join(where(t), "files"))
			flags := flagNoDump | flagImmutable
			if kind == "overlay" {
				flags = 0
			}
			path := filepath.Join(w.files, "rich")
			rich(t, path, flags)
			before := fullOf(t, path)
			if len(before.Xattr) != 6 || len(before.Extents) != 2 || before.Mode != 0o6754 || before.Flags&restorable != flags {
				t.Fatalf("the file has not what is to be kept: %+v", before)
			}
			e := w.mustTake(path)
			if exists(path) || e.Stored > 64<<10 {
				t.Errorf("taken to %d bytes, still there: %v", e.Stored, exists(path))
			}
			w.again(nil)
			w.mustRestore(e.ID, Restore{})
			same(t, fullOf(t, path), before)
			if got := names(t, w.files); len(got) != 1 || len(w.stored()) != 0 {
				t.Errorf("left %q, stored %q", got, w.stored())
			}
			f := opened(t, path)
			setFlags(f, flagsOf(f)&^fixing)
		})
	}
}

// What lies in a lower layer is copied up when it is moved, and is the same file
// all the same.
func TestTakeFromLowerLayer(t *testing.T) {
	top := overlay(t, func(lower string) {
		if err := os.WriteFile(filepath.Join(lower, "x"), []byte(bad), 0o755); err != nil {
			t.Fatal(err)
		}
	})
	w := worldIn(t, t.TempDir(), top)
	path := filepath.Join(top, "x")
	before := fullOf(t, path)
	e := w.mustTake(path)
	if exists(path) || len(names(t, top)) != 0 {
		t.Errorf("left %q", names(t, top))
	}
	w.mustRestore(e.ID, Restore{})
	same(t, fullOf(t, path), before)
}

func TestRestoreShapes(t *testing.T) {
	w := newWorld(t)
	for name, make := range map[string]func(f *os.File) error{
		"empty":    func(*os.File) error { return nil },
		"one hole": func(f *os.File) error { return f.Truncate(10 << 20) },
		"hole behind": func(f *os.File) error {
			_, err := f.WriteString(bad)
			return errors.Join(err, f.Truncate(1<<20))
		},
		"hole before": func(f *os.File) error { _, err := f.WriteAt([]byte(bad), 1<<20); return err },
		"many holes": func(f *os.File) (err error) {
			for i := range int64(maxExtents + 500) {
				_, e := f.WriteAt([]byte{1}, i*8192)
				err = errors.Join(err, e)
			}
			return err
		},
		"pieces": func(f *os.File) error { _, err := f.WriteString(strings.Repeat(bad, 20000)); return err },
	} {
		t.Run(name, func(t *testing.T) {
			path := w.put(name, "")
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(make(f), f.Close()); err != nil {
				t.Fatal(err)
			}
			before := fullOf(t, path)
			e := w.mustTake(path)
			if before.Blocks == 0 && e.Stored > 4096 {
				t.Errorf("holes take %d bytes", e.Stored)
			}
			w.mustRestore(e.ID, Restore{})
			after := fullOf(t, path)
			if name == "many holes" { // those beyond what an entry lists are filled
				after.Blocks, before.Blocks, after.Extents, before.Extents = 0, 0, nil, nil
			}
			same(t, after, before)
		})
	}
}

func TestManyAttributes(t *testing.T) {
	asRoot(t)
	w := worldIn(t, t.TempDir(), filepath.Join(mounted(t, "tmpfs", "mode=0755"), "files"))
	path := w.put("x", bad)
	f := opened(t, path)
	big := make([]byte, 60<<10)
	for i := range 40 {
		if err := unix.Fsetxattr(int(f.Fd()), fmt.Sprintf("user.a%d", i), big, 0); err != nil {
			missing(t, "this tmpfs takes only %d attributes: %v", i, err)
		}
	}
	if err := unix.Fsetxattr(int(f.Fd()), "security.capability", capability(), 0); err != nil {
		t.Fatal(err)
	}
	e := w.mustTake(path)
	if e.Meta.Dropped < 20 || e.Meta.Dropped+len(e.Meta.Xattr) != 41 || e.Meta.Xattr[0].Name != "security.capability" {
		t.Errorf("kept %d, dropped %d", len(e.Meta.Xattr), e.Meta.Dropped)
	}
	if got, _, err := w.store.Show(t.Context(), e.ID); err != nil || !reflect.DeepEqual(got, e) {
		t.Errorf("cannot be read back: %v", err)
	}
}

func TestRestoreAsksTheScanner(t *testing.T) {
	w := newWorld(t)
	path := w.put("x", bad)
	e := w.mustTake(path)
	refused := func(how Restore, want error) {
		t.Helper()
		if _, err := w.store.Restore(t.Context(), e.ID, how); !errors.Is(err, want) {
			t.Errorf("got %v", err)
		}
		if got, _, err := w.store.Show(t.Context(), e.ID); err != nil || !reflect.DeepEqual(got, e) || len(names(t, w.files)) != 0 {
			t.Errorf("after a refusal: %v, %+v, in the folder %q", err, got, names(t, w.files))
		}
	}
	refused(Restore{}, ErrNoScanner)
	unsure := func(s verdict.State) scan {
		return func(string) verdict.Verdict { return verdict.Verdict{State: s, Why: "no time"} }
	}
	for _, s := range []Scanner{malicious("bad"), unsure(verdict.Failed), unsure(verdict.Incomplete), unsure("odd")} {
		w.again(func(c *Config) { c.Scanner = s })
		refused(Restore{}, ErrMalicious)
	}
	if _, err := w.store.Restore(t.Context(), e.ID, Restore{Allow: true}); err == nil {
		t.Error("allowed by nobody")
	}
	allowed := &allowing{}
	w.again(func(c *Config) { c.Scanner, c.Allow = malicious("bad"), allowed })
	allowed.err = errors.New("the list is locked")
	refused(Restore{Allow: true}, allowed.err)
	allowed.err = nil
	r := w.mustRestore(e.ID, Restore{Allow: true})
	if !r.Allowed || allowed.sum != e.SHA256 || r.Verdict.State != verdict.Malicious || content(t, path) != bad {
		t.Errorf("%+v, allowed %q", r, allowed.sum)
	}
	if last := w.sink.last(); last.Actions[0] != event.Restored || !strings.Contains(last.Message, "allowed") {
		t.Errorf("event %+v", last)
	}
	e = w.mustTake(path)
	w.again(func(c *Config) { c.Scanner = malicious("something else") })
	if r := w.mustRestore(e.ID, Restore{}); r.Allowed || r.Verdict.State != verdict.Clean {
		t.Errorf("%+v", r)
	}
}

type allowing struct {
	sum string
	err error
}

func (a *allowing) Allow(_ context.Context, sum, _ string) error {
	a.sum = sum
	return a.err
}

func TestRestoreReplacesNothing(t *testing.T) {
	w := newWorld(t)
	path := w.put("x", bad)
	e := w.mustTake(path)
	try := func(to string, want error) {
		t.Helper()
		if _, err := w.store.Restore(t.Context(), e.ID, Restore{To: to, NoScan: true}); !errors.Is(err, want) {
			t.Errorf("%q: %v", to, err)
		}
	}
	w.put("x", "mine")
	try("", ErrExists)
	os.Remove(path)
	os.Symlink("nowhere", path)
	try("", ErrExists)
	os.Remove(path)
	os.Mkdir(path, 0o755)
	try("", ErrExists)
	try(filepath.Join(w.files, "none", "x"), ErrNoFolder)
	os.Symlink(w.files, filepath.Join(w.files, "link"))
	try(filepath.Join(w.files, "link", "y"), unix.ELOOP)
	for _, to := range []string{"y", "../y", w.files + "/../y", w.files + "/", "/"} {
		if _, err := w.store.Restore(t.Context(), e.ID, Restore{To: to, NoScan: true}); err == nil {
			t.Errorf("restored to %q", to)
		}
	}
	if got, _, err := w.store.Show(t.Context(), e.ID); err != nil || got.State != Kept {
		t.Errorf("%v, %+v", err, got)
	}
	w.mustRestore(e.ID, Restore{To: filepath.Join(w.files, "y")})
	if content(t, filepath.Join(w.files, "y")) != bad {
		t.Error("not what was taken")
	}
	if _, err := w.store.Restore(t.Context(), e.ID, Restore{}); !errors.Is(err, ErrNoEntry) {
		t.Errorf("restored twice: %v", err)
	}
}

// Somebody who is quicker keeps what he put there.
func TestRestoreIntoARace(t *testing.T) {
	w := newWorld(t)
	path := w.put("x", bad)
	e := w.mustTake(path)
	w.again(func(c *Config) {
		c.Scanner = scan(func(string) verdict.Verdict {
			w.put("x", "quicker")
			return verdict.Verdict{State: verdict.Clean}
		})
	})
	if _, err := w.store.Restore(t.Context(), e.ID, Restore{}); !errors.Is(err, ErrExists) || content(t, path) != "quicker" {
		t.Errorf("got %v", err)
	}
	if got := w.stored(); len(got) != 1 || len(names(t, w.files)) != 1 {
		t.Errorf("stored %q, in the folder %q", got, names(t, w.files))
	}
}

func TestRestoreWhereLessIsKept(t *testing.T) {
	w := newWorld(t)
	bare := mounted(t, "ramfs", "") // which has no extended attributes
	path := filepath.Join(w.files, "rich")
	rich(t, path, 0)
	e := w.mustTake(path)
	to := filepath.Join(bare, "x")
	try := func(force bool) {
		t.Helper()
		_, err := w.store.Restore(t.Context(), e.ID, Restore{To: to, NoScan: true, Force: force})
		if err == nil || !force && !errors.Is(err, ErrLossy) || len(names(t, bare)) != 0 || len(w.stored()) != 1 {
			t.Errorf("force %v: %v, left %q, stored %q", force, err, names(t, bare), w.stored())
		}
	}
	if err := unix.Fsetxattr(int(opened(t, bare).Fd()), "user.x", nil, 0); err == nil {
		missing(t, "this ramfs has extended attributes")
	}
	try(true) // who may do what with it is never lost
	w.mustRestore(e.ID, Restore{})
	if err := unix.Removexattr(path, aclName); err != nil {
		t.Fatal(err)
	}
	e = w.mustTake(path)
	try(false)
	r := w.mustRestore(e.ID, Restore{To: to, Force: true})
	if len(r.Lost) != 5 || content(t, to)[:len(bad)] != bad || !strings.Contains(w.sink.last().Message, "security.capability") {
		t.Errorf("lost %q, said %q", r.Lost, w.sink.last().Message)
	}
}

// A folder that gives its files an access control list does not give one to a file
// that had none: others could read it.
func TestRestoreIntoAFolderWithAList(t *testing.T) {
	asRoot(t)
	for _, named := range []bool{false, true} {
		w := worldIn(t, t.TempDir(), filepath.Join(mounted(t, "tmpfs", ""), "files"))
		w.store.named = named
		path := w.put("x", bad)
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		before := fullOf(t, path)
		e := w.mustTake(path)
		if err := unix.Setxattr(w.files, "system.posix_acl_default", acl(), 0); err != nil {
			missing(t, "no access control lists here: %v", err)
		}
		w.mustRestore(e.ID, Restore{})
		same(t, fullOf(t, path), before)
		e = w.mustTake(path) // from such a folder too
		w.mustRestore(e.ID, Restore{})
		same(t, fullOf(t, path), before)
	}
}

// Where a file cannot be without a name it has one of its own until it is whole.
func TestRestoreUnderAName(t *testing.T) {
	asRoot(t)
	w := newWorld(t)
	w.store.named = true
	path := filepath.Join(w.files, "rich")
	rich(t, path, flagAppend)
	before := fullOf(t, path)
	e := w.mustTake(path)
	w.store.config.Scanner = malicious("bad")
	if _, err := w.store.Restore(t.Context(), e.ID, Restore{}); !errors.Is(err, ErrMalicious) || len(names(t, w.files)) != 0 {
		t.Errorf("%v, left %q", err, names(t, w.files))
	}
	w.put("rich", "quicker")
	if _, err := w.store.Restore(t.Context(), e.ID, Restore{NoScan: true}); !errors.Is(err, ErrExists) || len(names(t, w.files)) != 1 {
		t.Errorf("%v, left %q", err, names(t, w.files))
	}
	os.Remove(path)
	w.mustRestore(e.ID, Restore{NoScan: true})
	same(t, fullOf(t, path), before)
	if got := names(t, w.files); len(got) != 1 {
		t.Errorf("left %q", got)
	}
	f := opened(t, path)
	setFlags(f, flagsOf(f)&^fixing)
}

func TestRestoreOfADamagedCopy(t *testing.T) {
	w := newWorld(t)
	path := w.put("x", strings.Repeat(bad, 5000))
	e := w.mustTake(path)
	blob := filepath.Join(w.conf.Dir, e.ID, blobName)
	data := []byte(content(t, blob))
	data[len(data)-100] ^= 1
	os.WriteFile(blob, data, 0o600)
	if _, err := w.store.Restore(t.Context(), e.ID, Restore{NoScan: true}); !errors.Is(err, ErrBroken) || len(names(t, w.files)) != 0 {
		t.Errorf("one bit: %v", err)
	}
	os.WriteFile(blob, data[:len(data)-1], 0o600)
	if _, err := w.store.Restore(t.Context(), e.ID, Restore{NoScan: true}); !errors.Is(err, ErrBroken) {
		t.Errorf("cut short: %v", err)
	}
	if list, err := w.store.List(t.Context()); err != nil || list[0].State != Broken || list[0].Why == "" {
		t.Errorf("%v, %+v", err, list)
	}
	if _, err := w.store.Delete(t.Context(), e.ID, ""); err != nil || len(w.stored()) != 0 {
		t.Errorf("delete: %v, stored %q", err, w.stored())
	}
}
