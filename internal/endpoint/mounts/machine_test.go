package mounts_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vitrine/internal/endpoint/mounts"
	"vitrine/internal/endpoint/mounts/mountstest"
)

// limit is for what must not hang; nothing is measured by it.
const limit = 20 * time.Second

// followed keeps what a Machine told last.
type followed struct {
	mu  sync.Mutex
	all []mounts.Mount
}

func follow(t *testing.T, m mounts.Machine) *followed {
	t.Helper()
	f := &followed{}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- m.Run(ctx, func(all []mounts.Mount) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.all = all
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("following ended with %v", err)
		}
	})
	return f
}

// find gives the mounts of a source.
func (f *followed) find(source string) (found []mounts.Mount) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.all {
		if m.Source == source {
			found = append(found, m)
		}
	}
	return found
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(time.Millisecond) // between two looks at a condition
	}
}

func TestMountsComeAndGo(t *testing.T) {
	mountstest.NeedRoot(t)
	f := follow(t, mounts.Machine{Every: -1})
	source := mountstest.Source(t)
	point := filepath.Join(t.TempDir(), "a b\\c")
	if err := os.Mkdir(point, 0o755); err != nil {
		t.Fatal(err)
	}
	mountstest.Mount(t, source, point, "tmpfs", 0, "")
	until(t, "mounted", func() bool { return len(f.find(source)) == 1 })
	m := f.find(source)[0]
	if m.Point != point || m.Type != "tmpfs" {
		t.Errorf("got %+v", m)
	}
	place, err := mounts.Enter(m)
	if err != nil {
		t.Fatal(err)
	}
	if real, err := os.Readlink(place.Path()); err != nil || real != point {
		t.Errorf("its place is %q, %v", real, err)
	}
	place.Close()
	// Another one over it.
	mountstest.Mount(t, source+"-over", point, "tmpfs", 0, "")
	until(t, "mounted over", func() bool { return len(f.find(source+"-over")) == 1 })
	if _, err := mounts.Enter(m); err == nil || !strings.Contains(err.Error(), "hidden") {
		t.Errorf("what is hidden was entered: %v", err)
	}
	mountstest.Unmount(t, point)
	mountstest.Unmount(t, point)
	until(t, "unmounted", func() bool { return len(f.find(source)) == 0 })
	if _, err := mounts.Enter(m); err == nil {
		t.Error("what is gone was entered")
	}
}

func TestALinkIsNoMount(t *testing.T) {
	dir := mountstest.Tmpfs(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	all, err := mounts.Read("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if m.Point == dir {
			m.Point = link
			if _, err := mounts.Enter(m); err == nil {
				t.Error("a link was followed to a mount")
			}
			return
		}
	}
	t.Error("our own mount is not there")
}

func TestOtherNamespaces(t *testing.T) {
	mountstest.NeedRoot(t)
	for _, flags := range []string{"-m", "-Urm"} {
		t.Run(flags, func(t *testing.T) { otherNamespace(t, flags) })
	}
}

func otherNamespace(t *testing.T, flags string) {
	f := follow(t, mounts.Machine{Every: 20 * time.Millisecond})
	source, point := mountstest.Source(t), t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", flags, "sh", "-c", fmt.Sprintf("read x; mount -t tmpfs %s %s && read x", source, point))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, "\n"); err != nil {
		t.Fatal(err)
	}
	until(t, "mounted elsewhere", func() bool { return len(f.find(source)) == 1 })
	m := f.find(source)[0]
	if want := fmt.Sprintf("/root%s", point); !strings.HasPrefix(m.Point, "/proc/") || !strings.HasSuffix(m.Point, want) {
		t.Errorf("its place is %s", m.Point)
	}
	if m.Foreign != (flags == "-Urm") {
		t.Errorf("of another user: %v", m.Foreign)
	}
	place, err := mounts.Enter(m)
	if err != nil {
		t.Fatal(err)
	}
	place.Close()
	in.Close()
	if err := cmd.Wait(); err != nil && ctx.Err() != nil {
		t.Fatal(err)
	}
	until(t, "gone", func() bool { return len(f.find(source)) == 0 })
}

func TestNoMountinfo(t *testing.T) {
	if err := (mounts.Machine{Proc: t.TempDir()}).Run(t.Context(), func([]mounts.Mount) {}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("ended with %v", err)
	}
}
