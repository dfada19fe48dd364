package guardcmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitrine/internal/cli/clitest"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/local"
	"vitrine/internal/endpoint/netguard"
	"vitrine/internal/endpoint/netguard/indicator"

	"github.com/spf13/cobra"
)

// netguardRun runs vitrine netguard and checks how it ends.
func netguardRun(t *testing.T, want term.Code, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := term.System()
	env.Stdin, env.Stdout, env.Stderr = strings.NewReader(""), &out, &errs
	root := &cobra.Command{Use: "vitrine"}
	root.AddCommand(newNetguard(env), newResolverMode(env))
	page.Install(root)
	if got := term.Run(t.Context(), env, root, args); got != want {
		t.Errorf("%q ended with %d, not %d: %s%s", args, got, want, out.String(), errs.String())
	}
	return out.String(), errs.String()
}

func netguardDocument(t *testing.T, name, text string) {
	t.Helper()
	s, err := clitest.Load("../../../docs/spec/cli/vitrine.netguard." + name + ".v1.json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := clitest.Decode(text)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if problem := s.Check(v); problem != "" {
		t.Errorf("%s: %s\n%s", name, problem, text)
	}
}

func listFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c2.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func contains(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, part := range want {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}

func TestNetguardOfLists(t *testing.T) {
	good := listFile(t, "# ours\n192.0.2.0/24\nevil.example\n")
	out, _ := netguardRun(t, term.No, "netguard", "test", "192.0.2.1:80", "--list", good)
	contains(t, out, "192.0.2.1:80 is refused\n", "connect", good+":2: 192.0.2.0/24")
	out, _ = netguardRun(t, term.No, "netguard", "test", "https://www.evil.example/x", "--list", good, "--json")
	netguardDocument(t, "test", out)
	out, _ = netguardRun(t, term.Yes, "netguard", "test", "198.51.100.1", "--list", good)
	contains(t, out, "198.51.100.1 goes through\n", "not listed")
	out, _ = netguardRun(t, term.Yes, "netguard", "list", "--list", good)
	contains(t, out, good+": 2 indicators\n  SHA-256 ")

	bad := listFile(t, "192.0.2.1\nnonsense here\n0.0.0.0/0\n")
	out, _ = netguardRun(t, term.No, "netguard", "list", "--list", good, "--list", bad)
	contains(t, out, "1 indicator, 2 lines not used", "line 2: nonsense here: ", "line 3: 0.0.0.0/0: wider than /8")
	out, _ = netguardRun(t, term.No, "netguard", "list", "--list", bad, "--json")
	netguardDocument(t, "list", out)
}

func TestNetguardCouldNot(t *testing.T) {
	good := listFile(t, "192.0.2.0/24\n")
	for _, args := range [][]string{
		{"test"}, {"test", "a", "b"}, {"test", "a b", "--list", good}, {"test", "192.0.2.1", "--list", good + ".gone"},
		{"list", "x"}, {"list", "--list", good + ".gone"}, {"nonsense"},
	} {
		netguardRun(t, term.CouldNot, append([]string{"netguard"}, args...)...)
	}
	_, errs := netguardRun(t, term.CouldNot, "netguard", "test", "192.0.2.1", "--socket", good+".sock")
	contains(t, errs, "the guard is not running", "hint: systemctl start vitrine-guard")
	_, errs = netguardRun(t, term.CouldNot, netguard.ResolverMode)
	contains(t, errs, "is started by the guard", "hint: network.resolver")
}

// TestNetguardOfGuard: what the guard's socket answers is what is printed.
func TestNetguardOfGuard(t *testing.T) {
	status := netguard.Status{
		Backends: []string{"bpf", "dns"}, Cgroup: "/c", Resolver: "127.0.0.55:53", Upstreams: []string{"192.0.2.53:53"}, HowTo: []string{"like this"}, Rules: "r", Networks: 1, Names: 2,
		Lists:    []indicator.List{{Name: "l.txt", SHA256: strings.Repeat("0", 64), Entries: 3, Repeated: 1, Skipped: 2, Cut: true, Problems: []indicator.Problem{{Line: 7, Text: "x\x1b[2J", Reason: "why"}}}},
		Missing:  []netguard.Missing{{Part: "nftables", Uncovered: "forwarded traffic", Why: "no such thing", Chosen: true}},
		Warnings: []string{"careful"}, Blocked: netguard.Blocked{Connect: 5, Untold: 1},
	}
	verbs := map[string]control.Verb{
		"netguard.list": {Handle: func(_ context.Context, c control.Call) error { return c.Reply(status) }},
		"netguard.test": {Handle: func(_ context.Context, c control.Call) error {
			var args netguard.TestArgs
			if err := c.Decode(&args); err != nil {
				return err
			}
			if args.Target == "off" {
				return control.Refuse(control.No, "the network guard is not in force")
			}
			return c.Reply(netguard.Path{Target: args.Target, Outcome: netguard.Passes, Listed: true, Steps: []netguard.Step{{At: "connect", Outcome: netguard.Absent, Note: "not in force here"}}})
		}},
	}
	socket := filepath.Join(t.TempDir(), "guard.sock")
	l, err := local.Listen(socket, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- (&control.Server{Verbs: verbs}).Serve(ctx, l) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}()
	out, _ := netguardRun(t, term.Yes, "netguard", "test", "192.0.2.1", "--socket", socket)
	contains(t, out, "192.0.2.1 goes through, although it is listed\n", "absent")
	_, errs := netguardRun(t, term.CouldNot, "netguard", "test", "off", "--socket", socket)
	contains(t, errs, "not in force")
	out, _ = netguardRun(t, term.Yes, "netguard", "list", "--socket", socket)
	contains(t, out, "3 indicators, 1 said before, 2 lines not used, its end not read", `line 7: x\x1b[2J: why`, "and 1 more", "in force: bpf, dns", "not covered: forwarded traffic", "warning: careful", "resolver: like this", "5 by processes", "1 without an event")
	out, _ = netguardRun(t, term.Yes, "netguard", "list", "--socket", socket, "--json")
	netguardDocument(t, "list", out)
	var back netguardLists
	if err := json.Unmarshal([]byte(out), &back); err != nil || len(back.Lists) != 1 || back.Guard == nil || back.Guard.Names != 2 {
		t.Errorf("%v %+v", err, back)
	}
}
