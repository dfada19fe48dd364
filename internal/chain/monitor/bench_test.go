package monitor_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"vitrine/internal/chain/authors"
	"vitrine/internal/chain/chaintest"
	"vitrine/internal/chain/fsck"
	"vitrine/internal/chain/installed"
	"vitrine/internal/chain/monitor"
	"vitrine/internal/chain/operator/operatortest"
	"vitrine/internal/chain/site"
	"vitrine/internal/durable/durabletest"
	"vitrine/proof"
	"vitrine/proof/prooftest"
	"vitrine/proof/statement"
	"vitrine/proof/tile"

	"golang.org/x/mod/sumdb/tlog"
)

// entriesOf is how many entries the benchmarks' logs have: a million, which a
// monitor must be able to take up within a minute, unless ENTRIES says less.
func entriesOf(b *testing.B) int64 {
	if n, err := strconv.ParseInt(os.Getenv("ENTRIES"), 10, 64); err == nil {
		return n
	}
	return 1 << 20
}

// big is the site of a large log. There are some different entries, again and
// again, and bundles are put together when they are asked for: it takes memory
// for the hashes only.
type big struct {
	site.Memory
	leaves [][]byte
	tree   proof.Checkpoint
	stored []tlog.Hash
}

// ReadHashes implements tlog.HashReader.
func (s *big) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = s.stored[x]
	}
	return out, nil
}

func newBig(b *testing.B, origin string, leaves [][]byte) *big {
	s := &big{Memory: site.Memory{}, leaves: leaves, tree: proof.Checkpoint{Origin: origin, Size: entriesOf(b)}}
	for i := range s.tree.Size {
		more, err := tlog.StoredHashes(i, leaves[i%int64(len(leaves))], s)
		must(b, err)
		s.stored = append(s.stored, more...)
	}
	var err error
	s.tree.Root, err = tlog.TreeHash(s.tree.Size, s)
	must(b, err)
	for _, t := range tlog.NewTiles(8, 0, s.tree.Size) {
		data, err := tlog.ReadTileData(t, s)
		must(b, err)
		s.Memory[site.Tile(tile.Path(t.L, t.N, t.W))] = data
	}
	return s
}

// Fetch implements site.Fetcher.
func (s *big) Fetch(ctx context.Context, name string, limit int64) ([]byte, error) {
	level, n, width, err := tile.ParsePath(name[min(len("log/"), len(name)):])
	if err != nil || level != tile.Entries {
		return s.Memory.Fetch(ctx, name, limit)
	}
	var data []byte
	for i := range int64(width) {
		if data, err = tile.AppendEntry(data, s.leaves[(n*tile.Width+i)%int64(len(s.leaves))]); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// revocations are entries signed by a number of keys each.
func revocations(b *testing.B, w *operatortest.World, signers int) (leaves [][]byte) {
	keys, err := w.Folder.Signers(authors.Rules("core"))
	must(b, err)
	for serial := range int64(1024) {
		leaf, err := statement.Sign(statement.Statement{
			Subject:   []statement.Subject{{Name: site.RuleBundle("core", serial+1), SHA256: statement.Digest{byte(serial)}}},
			Predicate: statement.RuleRevoke{Channel: "core", Serial: serial + 1, Bundle: tlog.Hash{1}, Reason: "found to be wrong"},
		}, keys[:signers]...)
		must(b, err)
		leaves = append(leaves, leaf)
	}
	return leaves
}

// BenchmarkMonitor is the first run of a monitor over a log: every tile, every
// entry, its spelling and its signatures.
func BenchmarkMonitor(b *testing.B) {
	for _, signers := range []int{1, 2} {
		b.Run(strconv.Itoa(signers)+"-signed", func(b *testing.B) {
			w := operatortest.New(b, time.Now)
			log := chaintest.New(b, time.Now())
			s := newBig(b, chaintest.Origin, revocations(b, w, signers))
			s.Memory[site.Checkpoint] = log.Sign(s.tree, "W1", "W2")
			names, err := filepath.Glob(filepath.Join(w.Folder.Site(), "tuf", "*"))
			must(b, err)
			for _, name := range names {
				s.Memory[site.TUF(filepath.Base(name))], err = os.ReadFile(name)
				must(b, err)
			}
			root, err := w.Folder.Root()
			must(b, err)
			m := begin(b)
			for b.Loop() {
				r, err := monitor.Run(context.Background(), monitor.Config{
					Dir: installed.Dir{Path: durabletest.Dir(b)}, Mirrors: []monitor.Mirror{{Name: "big", Site: s}}, Now: time.Now(), Root: root, Policy: log.PolicyText(),
				})
				must(b, err)
				if r.Result != monitor.Well || r.Checked != s.tree.Size {
					b.Fatalf("%+v", r)
				}
			}
			m.end(b, s.tree.Size)
		})
	}
}

// BenchmarkMonitorTree is the part of it that does not look into entries.
func BenchmarkMonitorTree(b *testing.B) {
	log := prooftest.NewLog("log.example/big")
	log.AppendNumbered(1024)
	var leaves [][]byte
	for i := range log.Size() {
		leaves = append(leaves, log.Leaf(i))
	}
	s := newBig(b, "log.example/big", leaves)
	fetch := func(ctx context.Context, path string, limit int64) ([]byte, error) {
		return s.Fetch(ctx, site.Tile(path), limit)
	}
	m := begin(b)
	for b.Loop() {
		r, err := fsck.Check(context.Background(), fsck.Config{Fetch: fetch, Checkpoint: s.tree})
		must(b, err)
		if !r.Whole() || r.Entries != s.tree.Size {
			b.Fatalf("%+v", r)
		}
	}
	m.end(b, s.tree.Size)
}

// meter tells how long an entry takes, and how much of all processors' time: on a
// machine that does other things, too, the second is what can be compared.
type meter time.Duration

func begin(b *testing.B) meter {
	b.ResetTimer()
	return meter(used(b))
}

func (m meter) end(b *testing.B, entries int64) {
	all := float64(int64(b.N) * entries)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/all, "ns/entry")
	b.ReportMetric(float64(used(b)-time.Duration(m))/all, "cpu-ns/entry")
}

func used(b *testing.B) time.Duration {
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
