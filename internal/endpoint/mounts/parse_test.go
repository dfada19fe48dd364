package mounts

import (
	"errors"
	"os"
	"strings"
	"testing"
)

const some = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 propagate_from:2 - ext3 /dev/root rw,errors=continue
40 22 0:44 / /a\040b\011c\134d\012e ro - fuse.ssh\043fs us\040er rw,user_id=0
41 22 0:45 / /bad\9zz\04 rw - tmpfs  rw
`

func TestParse(t *testing.T) {
	got, err := Parse([]byte(some))
	if err != nil || len(got) != 4 {
		t.Fatalf("%d mounts, %v", len(got), err)
	}
	want := Mount{36, 35, Device{98, 0}, "/mnt1", "/mnt2", "rw,noatime", "ext3", "/dev/root", "rw,errors=continue", false}
	if got[1] != want {
		t.Errorf("got %+v, want %+v", got[1], want)
	}
	if m := got[2]; m.Point != "/a b\tc\\d\ne" || m.Type != "fuse.ssh#fs" || m.Source != "us er" || m.Kind() != User {
		t.Errorf("got %+v", m)
	}
	if m := got[3]; m.Point != `/bad\9zz\04` || m.Source != "" || m.Device.String() != "0:45" {
		t.Errorf("got %+v", m)
	}
}

func TestParseRefuses(t *testing.T) {
	good, _, _ := strings.Cut(some, "\n")
	for name, text := range map[string]string{
		"no dash":      strings.Replace(good, " - ", " ", 1),
		"few fields":   "1 2 3:4 / - ext4 a rw",
		"few behind":   "22 1 254:0 / / rw - ext4 rw",
		"no minor":     strings.Replace(good, "254:0", "254", 1),
		"no number":    strings.Replace(good, "22 ", "x ", 1),
		"negative":     strings.Replace(good, " 1 ", " -1 ", 1),
		"large number": strings.Replace(good, "254:", "4294967296:", 1),
		"empty line":   good + "\n\n",
		"too long":     strings.Repeat("x", MaxSize+1),
		"too many":     strings.Repeat("1 2 3:4 / / rw - a b c\n", MaxMounts+1),
	} {
		if got, err := Parse([]byte(text)); !errors.Is(err, errMalformed) {
			t.Errorf("%s: %d mounts, %v", name, len(got), err)
		}
	}
}

func TestOurOwnMounts(t *testing.T) {
	all, err := Read("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]Kind{}
	for _, m := range all {
		seen[m.Point] = m.Kind()
	}
	if kind, ok := seen["/proc"]; !ok || kind != Kernel {
		t.Errorf("/proc is %v, %v", kind, ok)
	}
	if _, ok := seen["/"]; !ok {
		t.Error("there is no /")
	}
	if _, err := Read("/nowhere"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestKinds(t *testing.T) {
	for kind, types := range map[Kind]string{
		Local:   "ext4 xfs btrfs tmpfs ramfs overlay squashfs vfat devtmpfs zfs hugetlbfs erofs something-new",
		Kernel:  "proc sysfs cgroup cgroup2 devpts bpf nsfs autofs",
		Network: "nfs nfs4 cifs smb3 9p ceph virtiofs",
		User:    "fuse fuseblk fuse.sshfs",
	} {
		for name := range strings.FieldsSeq(types) {
			m := Mount{Type: name}
			ok, why := m.Markable()
			if m.Kind() != kind || ok != (kind == Local) || ok != (why == "") {
				t.Errorf("%s is %v, markable %v: %q", name, m.Kind(), ok, why)
			}
		}
	}
}

func TestLayersOfAUsersChoice(t *testing.T) {
	for kind, want := range map[string]bool{"overlay": false, "tmpfs": true} {
		if ok, why := (Mount{Type: kind, Foreign: true}).Markable(); ok != want {
			t.Errorf("%s: %v, %q", kind, ok, why)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(some))
	f.Add([]byte("1 2 3:4 / /\\\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := Parse(text)
		if err != nil && !errors.Is(err, errMalformed) {
			t.Fatal(err)
		}
		for _, m := range all {
			if m.ID < 0 || m.Parent < 0 || len(m.Point) > len(text) {
				t.Fatalf("impossible mount %+v", m)
			}
			m.Markable()
		}
	})
}
