package rar

import (
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"vitrine/internal/engine/archive/archivetest"
)

var keep = flag.Bool("keep", false, "write the archives that other packages test with")

// packer is an encoder that packs bytes by what came before.
type packer interface {
	literal(c byte)
	match(d, n int)
}

func pack(p packer, h *history, data []byte) {
	for i := 0; i < len(data); {
		best, from := 0, 0
		for d := 1; d <= min(len(h.plain), 600); d++ {
			n := 0
			for n < 200 && i+n < len(data) && n < d && h.plain[len(h.plain)-d+n] == data[i+n] {
				n++
			}
			if n > best {
				best, from = n, d
			}
		}
		if best < 5 {
			p.literal(data[i])
			i++
			continue
		}
		p.match(from, best)
		i += best
	}
}

// TestKeep packs three members into solid archives of RAR 3 and 5. They are
// the only packed archives of RAR that tests of other packages have.
func TestKeep(t *testing.T) {
	contents := []archivetest.Entry{
		{Name: "numbers.txt", Data: archivetest.Numbers()[:1500]},
		{Name: "d/eicar.txt", Data: archivetest.EICAR()},
		{Name: "last.txt", Data: archivetest.Numbers()[:300]},
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	e, f := newEncoder29(rnd), newEncoder50(rnd, false)
	e.block(true)
	var old, young []archivetest.RARMember
	for i, c := range contents {
		pack(e, &e.history, c.Data)
		pack(f, &f.history, c.Data)
		o, y := archivetest.Packed(c.Name, 29, e.end(false), c.Data), archivetest.Packed(c.Name, 0, f.end(), c.Data)
		o.Solid, y.Solid = i > 0, i > 0
		old, young = append(old, o), append(young, y)
		f.open(false)
	}
	for name, data := range map[string][]byte{"solid3.rar": archivetest.RAR4Raw(8, 0, old...), "solid5.rar": archivetest.RAR5Raw(young...)} {
		wantPlain(t, name, data, contents[0].Data, contents[1].Data, contents[2].Data)
		if *keep {
			path := filepath.Join("..", "archive", "archivetest", "testdata", name+".b64")
			if err := os.WriteFile(path, archivetest.Hide(data), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		wantPlain(t, "kept "+name, archivetest.File(name), contents[0].Data, contents[1].Data, contents[2].Data)
	}
}
