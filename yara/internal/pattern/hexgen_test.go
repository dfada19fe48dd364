package pattern

import (
	"fmt"
	"math/rand"
	"strings"
)

// genHex makes a random hex string over few byte values, so that it matches
// now and then.
func genHex(r *rand.Rand, depth int) *gen {
	g := &gen{kind: gCat}
	for i, n := 0, 1+r.Intn(5); i < n; i++ {
		if i > 0 && r.Intn(4) == 0 {
			g.sub = append(g.sub, genJump(r, depth))
		}
		if depth > 0 && r.Intn(5) == 0 {
			alt := &gen{kind: gAlt}
			for range 1 + r.Intn(3) {
				alt.sub = append(alt.sub, genHex(r, depth-1))
			}
			g.sub = append(g.sub, alt)
			continue
		}
		g.sub = append(g.sub, genHexByte(r))
	}
	return g
}

func genJump(r *rand.Rand, depth int) *gen {
	anything := &gen{text: "??", set: func(byte) bool { return true }}
	j := &gen{kind: gRep, sub: []*gen{anything}, min: r.Intn(3), lazy: true}
	j.max = j.min + r.Intn(4)
	if depth == 2 && r.Intn(5) == 0 {
		j.max = -1
	}
	return j
}

func genHexByte(r *rand.Rand) *gen {
	v := byte(r.Intn(3)) | byte(r.Intn(2))<<4
	switch r.Intn(8) {
	case 0:
		return &gen{text: "??", set: func(byte) bool { return true }}
	case 1:
		return &gen{text: fmt.Sprintf("~%02X", v), set: func(c byte) bool { return c != v }}
	case 2:
		return &gen{text: fmt.Sprintf("?%X", v&15), set: func(c byte) bool { return c&15 == v&15 }}
	case 3:
		return &gen{text: fmt.Sprintf("%X?", v>>4), set: func(c byte) bool { return c>>4 == v>>4 }}
	case 4:
		return &gen{text: fmt.Sprintf("~?%X", v&15), set: func(c byte) bool { return c&15 != v&15 }}
	}
	return &gen{text: fmt.Sprintf("%02x", v), set: func(c byte) bool { return c == v }}
}

func hexText(g *gen) string {
	switch g.kind {
	case gByte:
		return g.text
	case gAlt:
		return "( " + hexTexts(g.sub, " | ") + " )"
	case gRep:
		switch {
		case g.max < 0 && g.min == 0:
			return "[-]"
		case g.max < 0:
			return fmt.Sprintf("[ %d - ]", g.min)
		case g.max == g.min && g.min > 0:
			return fmt.Sprintf("[%d]", g.min)
		}
		return fmt.Sprintf("[%d-0x%x]", g.min, g.max)
	}
	return hexTexts(g.sub, " ")
}

func hexTexts(list []*gen, between string) string {
	var parts []string
	for _, g := range list {
		parts = append(parts, hexText(g))
	}
	return strings.Join(parts, between)
}

// genHexData makes bytes of which some are built to match.
func genHexData(r *rand.Rand, g *gen, n int) []byte {
	var data []byte
	for len(data) < n {
		if r.Intn(3) == 0 {
			data = appendMatch(r, data, g)
		}
		data = append(data, byte(r.Intn(3))|byte(r.Intn(2))<<4)
	}
	return data
}

func appendMatch(r *rand.Rand, data []byte, g *gen) []byte {
	switch g.kind {
	case gByte:
		for {
			if c := byte(r.Intn(256)); g.set(c) {
				return append(data, c)
			}
		}
	case gAlt:
		return appendMatch(r, data, g.sub[r.Intn(len(g.sub))])
	case gRep:
		most := g.max
		if most < 0 {
			most = g.min + 5
		}
		for range g.min + r.Intn(most-g.min+1) {
			data = appendMatch(r, data, g.sub[0])
		}
		return data
	}
	for _, s := range g.sub {
		data = appendMatch(r, data, s)
	}
	return data
}
