package child

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// machine is the directories proc and sys of a made-up machine.
type machine struct {
	t    *testing.T
	root string
}

func newMachine(t *testing.T, mountinfo, cgroup string) machine {
	m := machine{t, t.TempDir()}
	m.put("proc/self/mountinfo", mountinfo)
	m.put("proc/self/cgroup", cgroup)
	return m
}

func (m machine) put(name, text string) {
	m.t.Helper()
	path := filepath.Join(m.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

const (
	unified = "41 31 0:38 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw\n"
	hybrid  = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" +
		"41 31 0:38 / /sys/fs/cgroup/uni\\040fied rw - cgroup2 cgroup2 rw\n" +
		"36 31 0:33 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices\n"
)

func TestHierarchy(t *testing.T) {
	type want struct {
		dir, broken string
		unity       bool
	}
	for name, c := range map[string]struct {
		mounts, member string
		files          map[string]string
		want           want
	}{
		"unified, made ready by somebody": {
			unified, "0::/a.slice/b.service\n",
			map[string]string{"a.slice/b.service/cgroup.controllers": "cpu memory", "a.slice/b.service/cgroup.subtree_control": "memory"},
			want{"/sys/fs/cgroup/a.slice/b.service", "", true},
		},
		"unified, at the top": {
			unified, "0::/\n", map[string]string{"cgroup.controllers": "cpu memory pids", "cgroup.subtree_control": ""},
			want{"/sys/fs/cgroup", "", true},
		},
		"unified, without memory": {unified, "0::/x\n", map[string]string{"x/cgroup.controllers": "cpu"}, want{broken: "do not limit memory"}},
		"version 1 for memory": {
			hybrid, "8:pids:/y\n4:memory:/x\n0::/z\n", nil, want{"/sys/fs/cgroup/memory/x", "", false},
		},
		"in a container that sees its own part": {
			"35 31 0:32 /docker/12 /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n", "4:memory:/docker/12/sub\n", nil,
			want{"/sys/fs/cgroup/memory/sub", "", false},
		},
		"out of what is mounted": {"35 31 0:32 /other /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n", "4:memory:/docker/12\n", nil, want{broken: "no control groups"}},
		"nothing mounted":        {"22 1 0:20 / / rw - ext4 /dev/x rw\n", "0::/\n", nil, want{broken: "no control groups"}},
		"garbage":                {"-\n\n a - b\n", ":::\nx\n", nil, want{broken: "no control groups"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, c.mounts, c.member)
			for file, text := range c.files {
				m.put("sys/fs/cgroup/"+file, text)
			}
			h, err := findHierarchy(m.root)
			if err == nil && c.want.broken != "" || err != nil && (c.want.broken == "" || !strings.Contains(err.Error(), c.want.broken)) {
				t.Fatalf("got %+v, %v", h, err)
			}
			if err == nil && (h.dir != m.root+c.want.dir || h.unity != c.want.unity) {
				t.Errorf("got %+v", h)
			}
		})
	}
	if _, err := findHierarchy(t.TempDir()); err == nil {
		t.Error("a machine without proc: no error")
	}
}

// A group that systemd has handed over is made ready: its process moves down.
func TestHandedOver(t *testing.T) {
	m := newMachine(t, unified, "0::/v.service\n")
	dir := filepath.Join(m.root, "sys/fs/cgroup/v.service")
	m.put("sys/fs/cgroup/v.service/cgroup.controllers", "memory pids")
	// A made-up file takes what a busy group refuses: take away the right to write.
	m.put("sys/fs/cgroup/v.service/"+own+"/cgroup.procs", "")
	if err := unix.Setxattr(dir, "user.delegate", []byte("1"), 0); err != nil {
		skipOrFail(t, "no extended attributes here: "+err.Error())
	}
	if !delegated(dir) || delegated(m.root) {
		t.Error("it does not know what was handed over")
	}
	if _, err := prepare(dir, "/sys/fs/cgroup/v.service"); err == nil {
		t.Error("without cgroup.subtree_control: no error")
	}
	pid, err := os.ReadFile(filepath.Join(dir, own, "cgroup.procs"))
	if err != nil || string(pid) != fmt.Sprint(os.Getpid()) {
		t.Errorf("it has not moved: %q, %v", pid, err)
	}
	m.put("sys/fs/cgroup/v.service/cgroup.subtree_control", "memory")
	if got, err := prepare(filepath.Join(dir, own), "/v.service/"+own); err != nil || got != dir {
		t.Errorf("from below: %s, %v", got, err)
	}
}

func TestGroups(t *testing.T) {
	m := newMachine(t, unified, "0::/\n")
	m.put("sys/fs/cgroup/cgroup.controllers", "memory")
	m.put("sys/fs/cgroup/cgroup.subtree_control", "memory")
	top := filepath.Join(m.root, "sys/fs/cgroup")
	old := filepath.Join(top, prefix+"scanner-999999999-7")
	mine := filepath.Join(top, fmt.Sprintf("%sscanner-%d-7", prefix, os.Getpid()))
	for _, dir := range []string{old, mine, filepath.Join(top, prefix+"else"), filepath.Join(top, "other-scanner-999999999-7")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// Made-up groups have no files, so the limit cannot be written: that is a reason.
	g := newGroup(m.root, "mode-scanner", 1<<20)
	if g.why == "" || g.take(1) == "" || g.killed() {
		t.Errorf("%+v", g)
	}
	entries, err := os.ReadDir(top)
	if err != nil || len(entries) != 5 { // two files and three directories
		t.Errorf("%d entries: %v", len(entries), entries)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("a group that was left by somebody who is gone is still there")
	}
	var none *group
	none.remove()
	if none.take(1) == "" || none.killed() {
		t.Error("no group limits something")
	}
	if _, ok := none.open(); ok {
		t.Error("no group can be started into")
	}
}

func TestKilledForMemory(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		file, text string
		unity, is  bool
	}{
		"version 2":       {"memory.events", "low 0\noom 3\noom_kill 1\n", true, true},
		"version 2, none": {"memory.events", "oom 3\noom_kill 0\n", true, false},
		"version 1":       {"memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", false, true},
	} {
		if err := os.WriteFile(filepath.Join(dir, c.file), []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := (&group{dir: dir, unity: c.unity}).killed(); got != c.is {
			t.Errorf("%s: %v", name, got)
		}
	}
}
