package main

import (
	"debug/elf"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// wayOut matches the functions through which a Go program opens a socket or
// sends through one, down to the system calls.
var wayOut = regexp.MustCompile(`^(syscall|golang\.org/x/sys/unix)\.(connect|socket|socketpair|sendto|sendmsg|sendmsgN|Connect|Socket|Sendto|Sendmsg|SendmsgN)(\.|$)` +
	`|^net\.(\(\*(Dialer|sysDialer|ListenConfig|Resolver)\)|Dial|Listen|socket\b)` +
	`|^os/exec\.|^os\.StartProcess`)

// TestNoWayOut builds the commands that scan as a program of their own, and
// looks into it: what is not in it cannot be called. It is why `vitrine scan` may
// say that nothing left this machine. The commands that update are linked beside
// them by main, and the architecture keeps these from reaching those.
func TestNoWayOut(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	binary := filepath.Join(t.TempDir(), "vitrine")
	if out, err := exec.Command("go", "build", "-o", binary, "./testdata/scanonly").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	file, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	scans := false
	for _, s := range symbols {
		if wayOut.MatchString(s.Name) {
			t.Errorf("%s is in the program", s.Name)
		}
		scans = scans || s.Name == "vitrine/internal/cli/machine.runScan"
	}
	if !scans {
		t.Error("no runScan among the symbols: this test looks at the wrong program")
	}
}

func TestWayOutIsRecognised(t *testing.T) {
	for name, out := range map[string]bool{
		"syscall.connect": true, "syscall.Socket": true, "golang.org/x/sys/unix.Connect": true, "net.(*Dialer).DialContext": true,
		"net.socket": true, "os/exec.(*Cmd).Start": true, "syscall.sendto.abi0": true,
		"net.ParseIP": false, "net.IPv4": false, "syscall.Sendfile": false, "syscall.connectors": false,
	} {
		if wayOut.MatchString(name) != out {
			t.Errorf("%s is a way out: %v", name, !out)
		}
	}
}
