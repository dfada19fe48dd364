package bpf

import (
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

func inode(info fs.FileInfo) uint64 { return info.Sys().(*syscall.Stat_t).Ino }

func TestRoot(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n", "/sys/fs/cgroup/unified"},
		{"31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n", "/sys/fs/cgroup"},
		{"31 23 0:28 /a/b /mnt/part rw - cgroup2 cgroup2 rw\n32 23 0:28 / /odd\\040name rw - cgroup2 none rw\n", "/odd name"},
		{"31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n", ""},
		{"cgroup2\n\n - cgroup2 \n", ""},
	} {
		got, err := Root(strings.NewReader(c.text))
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q: %q, %v; want %q", c.text, got, err, c.want)
		}
	}
}

func TestDecodeShort(t *testing.T) {
	for n := range eventSize {
		if _, ok := decode(make([]byte, n)); ok {
			t.Errorf("%d bytes are an event", n)
		}
	}
}
