// Package vitrine holds no code: only the tests of the repository's own rules.
// This file is the architecture: who may import whom, and why. The checker is
// in depscheck_test.go; its own test, on made-up packages, is beside it.
package vitrine

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

// layers is the whole architecture, bottom first. A package may import packages
// on lines above its own, never a neighbour on its own line or anything below.
// "x/..." stands for x and all under it; the longest entry that fits counts. A
// package named …test serves the tests of the one it is named for: nothing but
// tests may import it, and the fences do not hold it.
const layers = `
yara/syntax  yara/internal/module  yara/internal/pattern  yara/internal/prefilter  yara/internal/packed
yara/authenticode
yara/internal/module/...  yara/internal/search
yara/internal/modules  yara/internal/ir
yara/internal/sema  yara/internal/facts  yara/internal/eval
yara/internal/plan  yara/internal/blob
yara

proof
proof/policy  proof/statement  proof/tile

internal/rulecheck
internal/rulecheck/hunting  internal/rulecheck/lint

internal/engine/limit  internal/engine/hashset  internal/engine/starter
internal/engine/disc
internal/engine/codec/...
internal/engine/codec/xz
internal/engine/codec
internal/engine/document/...
internal/engine/document
internal/engine/installer  internal/engine/tnef
internal/engine/installer/...
internal/engine/sevenzip  internal/engine/rar  internal/engine/mail  internal/engine/upx  internal/engine/cab  internal/engine/iso  internal/engine/udf
internal/engine/archive
internal/engine/clamav/sigtext
internal/engine/clamav/...
internal/engine/clamav
internal/engine

internal/durable  internal/spelling  internal/quantity
internal/chain/site
internal/chain/web  internal/chain/tuf  internal/chain/witness  internal/chain/keys
internal/chain/check  internal/chain/bundle  internal/chain/build  internal/chain/fsck  internal/chain/tuf/conformanceclient
internal/chain/authors  internal/chain/tufrepo
internal/chain/installed  internal/chain/log  internal/chain/operator  internal/chain/released
internal/chain/publish  internal/chain/update  internal/chain/monitor  internal/chain/assemble  internal/chain/rebuild

internal/endpoint/files  internal/endpoint/verdict  internal/endpoint/local
internal/endpoint/event  internal/endpoint/known  internal/endpoint/sandbox
internal/endpoint/config  internal/endpoint/condition  internal/endpoint/control  internal/endpoint/process  internal/endpoint/fanotify  internal/endpoint/mounts  internal/endpoint/child
internal/endpoint/wire  internal/endpoint/quarantine/kinds  internal/endpoint/quarantine/zipcrypto  internal/endpoint/netguard/coverage  internal/endpoint/netguard/indicator  internal/endpoint/lists
internal/endpoint/scanner  internal/endpoint/worker  internal/endpoint/quarantine  internal/endpoint/netguard/...  internal/endpoint/eventlog  internal/endpoint/hook  internal/endpoint/watchdog
internal/endpoint/netguard  internal/endpoint/clamd  internal/endpoint/guard  internal/endpoint/sweep
internal/endpoint/gap
internal/cli/term
internal/cli/page  internal/cli/ruleset  internal/cli/yaracmd  internal/cli/state  internal/cli/guardcmd/clamdfront
internal/cli/quarry  internal/cli/guardcmd/sorting
internal/cli/guardcmd/daemon
internal/cli/guardcmd
internal/cli/chaincmd  internal/cli/service
internal/cli/machine/...
internal/cli/machine
cmd/vitrine  cmd/vitrined  cmd/vitrine-witness  internal/cli/gen
bench/public  bench/positive
bench
bench/...
`

// sealed names what a package must not reach, not even through others. A room
// of this module is named by its whole path there.
var sealed = []fence{
	{"yara/...", "net", "the matcher reads hostile bytes: it has no way out"},
	{"yara/...", "os/exec", "the matcher never runs what it reads"},
	{"yara/...", "plugin", "the matcher never loads code"},
	{"internal/engine/...", "net", "the engine reads hostile bytes: it has no way out"},
	{"internal/engine/...", "os/exec", "the engine never runs what it reads"},
	{"internal/engine/...", "plugin", "the engine never loads code"},
	{"proof/...", "net", "a proof is checked offline: it has no way out"},
	{"proof/...", "os/exec", "a proof is checked by what was built, and starts nothing"},
	{"proof/...", "plugin", "a proof is checked by what was built, and loads nothing"},
	{"proof/...", "github.com/...", "a verifier is the standard library and x/mod's sumdb: there is nothing else to read"},
	{"proof/...", "vitrine/internal/...", "proof is a library for strangers: it needs nothing of this product"},
	{"proof/...", "vitrine/yara/...", "proof is a library for strangers: it needs nothing of this product"},
	{"yara/...", "vitrine/internal/...", "yara is a library for strangers: it needs nothing of this product"},
	{"internal/engine/...", "vitrine/internal/endpoint/...", "the engine is handed bytes: it knows no machine"},
	{"internal/engine/...", "vitrine/internal/cli/...", "the engine answers with values: printing is not its business"},
	{"internal/endpoint/... but internal/endpoint/clamd internal/endpoint/netguard/...", "net", "one door leads out of a machine, and it is not built yet; local speaks to this machine alone and does without, netguard to the machine's own resolvers"},
	{"internal/endpoint/... but internal/endpoint/child internal/endpoint/worker internal/endpoint/watchdog internal/endpoint/hook internal/endpoint/netguard internal/endpoint/netguard/bpf", "os/exec", "who starts processes is listed here: this program in another mode, and the administrator's own command; cilium/ebpf links its own tests' helper, which netguard never calls"},
	{"internal/endpoint/... but internal/endpoint/scanner", "vitrine/internal/engine/...", "the guard is root: it never parses what it guards against"},
	{"internal/endpoint/... but internal/endpoint/scanner", "vitrine/yara/...", "the guard is root: it never parses what it guards against"},
	{"internal/cli/machine/...", "vitrine/internal/cli/service", "the machine's binary holds nothing of the service"},
	{"internal/cli/machine/...", "net/http", "a scan speaks to nobody: what does is in chaincmd, and main puts the two together"},
	{"internal/cli/machine/...", "crypto/tls", "a scan speaks to nobody: what does is in chaincmd, and main puts the two together"},
	{"internal/cli/machine/...", "os/exec", "scanning starts no other program"},
	{"internal/cli/machine/...", "vitrine/internal/cli/chaincmd", "what scans is built without what speaks"},
	{"internal/chain/installed", "net/http", "a scan reads what is installed: no way out comes with it"},
	{"cmd/...", "plugin", "what runs is what was built"},
	{"cmd/vitrine-witness", "os/exec", "a witness answers over HTTP and starts nothing"},
	{"cmd/vitrine", "vitrine/bench", "measuring needs programs the product must not start"},
}

// barred names what a package must not import by itself. It is for packages
// such as os, which fmt already reaches. time is not here: the engine needs
// time.Duration for its limits. That it reads no clock is held by
// TestNoClockInSealedRooms.
var barred = []fence{
	{"... but internal/endpoint/netguard/... internal/cli/service cmd/vitrine-witness", "net", "who listens is listed here; what else links net does so through pflag's IP flags"},
	{"... but internal/chain/web internal/chain/witness internal/chain/log internal/chain/tuf/conformanceclient internal/cli/service cmd/vitrine-witness", "net/http", "who speaks HTTP is listed here"},
	{"... but internal/chain/keys internal/chain/build internal/endpoint/child internal/endpoint/hook bench/...", "os/exec", "who starts other programs is listed here"},
	{"yara/...", "os", "the matcher is handed bytes: it opens nothing"},
	{"yara/...", "unsafe", "a wrong index must be a contained panic, not a read of other memory"},
	{"yara/...", "syscall", "the matcher asks nothing of the kernel"},
	{"proof/...", "os", "a verifier is handed bytes: it opens nothing"},
	{"proof/...", "unsafe", "a wrong index must be a contained panic, not a read of other memory"},
	{"proof/...", "syscall", "a verifier asks nothing of the kernel"},
	{"internal/engine/...", "os", "the engine is handed bytes: it opens and writes nothing"},
	{"internal/rulecheck/...", "os", "judging rules opens nothing: it is handed what was read"},
	{"internal/engine/...", "unsafe", "a wrong index must be a contained panic, not a read of other memory"},
	{"internal/engine/...", "syscall", "the engine asks nothing of the kernel"},
	{"cmd/...", "unsafe", "no command needs it"},
	{"internal/cli/...", "unsafe", "no command needs it"},
}

// allowedModules is, for each binary, every module that may be linked into it,
// and what it is there for. Each dependency is a decision.
var allowedModules = map[string]map[string]string{
	"cmd/vitrine": {
		"github.com/klauspost/compress": "zstd, and a deflate faster than the standard library's",
		"github.com/spf13/cobra":        "commands, help, completion and man pages of one shape",
		"github.com/spf13/pflag":        "cobra's flags",
		"golang.org/x/sys":              "terminal size and signals, through x/term; which vector instructions there are",
		"golang.org/x/term":             "is this a terminal, and how wide",
		"golang.org/x/mod":              "signed notes and Merkle trees, as Go's checksum database has them",

		"filippo.io/age":                                "what lies in the quarantine is encrypted",
		"filippo.io/hpke":                               "of age",
		"golang.org/x/crypto":                           "of age: ChaCha20-Poly1305",
		"github.com/BurntSushi/toml":                    "the configuration file",
		"github.com/cilium/ebpf":                        "programs in the kernel that refuse connections, without a compiler",
		"github.com/google/nftables":                    "the packet filter, behind those and for forwarded traffic",
		"github.com/mdlayher/netlink":                   "of nftables",
		"github.com/mdlayher/socket":                    "of nftables, through netlink",
		"golang.org/x/net":                              "of nftables and dns",
		"golang.org/x/sync":                             "of nftables, through netlink",
		"github.com/landlock-lsm/go-landlock":           "scanners that can open no file",
		"kernel.org/pub/linux/libs/security/libcap/psx": "of go-landlock: every thread at once",
		"github.com/miekg/dns":                          "the resolver that refuses listed names",
	},
	"cmd/vitrined": {
		"filippo.io/age":                                    "key files that a passphrase locks",
		"filippo.io/hpke":                                   "of age",
		"filippo.io/mldsa":                                  "of age",
		"github.com/CycloneDX/cyclonedx-go":                 "bills of materials in the form others read",
		"github.com/cenkalti/backoff/v5":                    "of tessera",
		"github.com/cespare/xxhash/v2":                      "of tessera, through its metrics",
		"github.com/go-logr/logr":                           "of tessera, through its metrics",
		"github.com/go-logr/stdr":                           "of tessera, through its metrics",
		"github.com/google/go-containerregistry":            "of go-tuf, through sigstore",
		"github.com/hashicorp/golang-lru/v2":                "of tessera",
		"github.com/klauspost/compress":                     "zstd, and a deflate faster than the standard library's",
		"github.com/opencontainers/go-digest":               "of go-tuf, through sigstore",
		"github.com/secure-systems-lab/go-securesystemslib": "of go-tuf: canonical JSON",
		"github.com/sigstore/protobuf-specs":                "of go-tuf, through sigstore",
		"github.com/sigstore/sigstore":                      "of go-tuf: its interface of signers",
		"github.com/spf13/cobra":                            "commands, help, completion and man pages of one shape",
		"github.com/spf13/pflag":                            "cobra's flags",
		"github.com/theupdateframework/go-tuf/v2":           "writes the metadata that say who may speak of what",
		"github.com/transparency-dev/formats":               "of tessera: notes and checkpoints",
		"github.com/transparency-dev/merkle":                "of tessera: the tree",
		"github.com/transparency-dev/tessera":               "the log: tree, storage and publication",
		"go.opentelemetry.io/auto/sdk":                      "of tessera, through its metrics",
		"go.opentelemetry.io/otel":                          "of tessera: metrics",
		"go.opentelemetry.io/otel/metric":                   "of tessera: metrics",
		"go.opentelemetry.io/otel/trace":                    "of tessera: metrics",
		"golang.org/x/crypto":                               "of age: scrypt, ChaCha20-Poly1305",
		"golang.org/x/exp":                                  "of go-tuf",
		"golang.org/x/mod":                                  "signed notes and Merkle trees, as Go's checksum database has them",
		"golang.org/x/sync":                                 "of tessera",
		"golang.org/x/sys":                                  "terminal size and signals, through x/term; which vector instructions there are",
		"golang.org/x/term":                                 "is this a terminal, how wide, and passphrases without an echo",
		"google.golang.org/genproto/googleapis/api":         "of go-tuf, through sigstore",
		"google.golang.org/protobuf":                        "of go-tuf, through sigstore",
		"k8s.io/klog/v2":                                    "of tessera: what it says on standard error",
	},
	"cmd/vitrine-witness": {
		"golang.org/x/mod": "signed notes and Merkle trees, as Go's checksum database has them",
	},
}

// testModules may stand in go.mod without being linked into any binary.
var testModules = map[string]string{
	"github.com/rogpeppe/go-internal": "testscript: every command told as a story",
	"pgregory.net/rapid":              "properties of proofs and codecs on trees and texts of its making",
}

var update = flag.Bool("update", false, "write deps.txt instead of comparing")

func rulesOfThisRepository() rules {
	return rules{module: "vitrine", layers: layers, sealed: sealed, barred: barred, modules: allowedModules}
}

// TestArchitecture holds the tables above against what is really imported, on
// both architectures that ship.
func TestArchitecture(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		t.Run(arch, func(t *testing.T) {
			for _, p := range rulesOfThisRepository().check(loadGraph(t, arch)) {
				t.Error(p)
			}
		})
	}
}

// TestDeps holds the committed deps.txt of each binary against what is linked.
// go test . -run TestDeps -update writes them.
func TestDeps(t *testing.T) {
	g := loadGraph(t, "amd64")
	for binary := range allowedModules {
		name := filepath.Join(filepath.FromSlash(binary), "deps.txt")
		want := g.depsText("vitrine", binary)
		if *update {
			if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if d := firstDifference(string(got), want); d != "" {
			t.Errorf("%s is not what is linked: %s\nread the change, then: go test . -run TestDeps -update", name, d)
		}
	}
}

// TestGoMod holds the direct requirements of go.mod against the same tables, so
// that a module nobody explained cannot wait there for its use.
func TestGoMod(t *testing.T) {
	for _, p := range checkRequirements(directRequirements(t), allowedModules, testModules) {
		t.Error(p)
	}
}
