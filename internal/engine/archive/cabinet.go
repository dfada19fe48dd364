package archive

import "vitrine/internal/engine/cab"

// cabinet takes a Microsoft cabinet apart. Signatures lie behind its end, and
// sometimes another container does.
func (w *walk) cabinet() error {
	if err := cab.Walk(w.c.Data, w.b, &parts{w}); err != nil {
		return err
	}
	rest := trimZeros(w.c.Data[cab.Size(w.c.Data):])
	if Identify(rest) == None {
		return nil
	}
	return w.inPlace("(trailing)", rest, nil)
}

// maxCabinets is how many cabinets are looked for inside a program: installers
// carry one, or a few.
const maxCabinets = 16

// carriedCabinets finds the cabinets in a program, in its resources or behind
// it.
func carriedCabinets(stub []byte) []Part {
	var parts []Part
	for from := 0; from < len(stub) && len(parts) < maxCabinets; {
		at := findVerified(stub[from:], cab.Magic, func(at int) bool { return cab.Begins(stub[from+at:]) })
		if at < 0 {
			break
		}
		from += at
		parts = append(parts, Part{Cab, from})
		from += max(cab.Size(stub[from:]), len(cab.Magic))
	}
	return parts
}
