package prooftest

import (
	"time"

	"golang.org/x/mod/sumdb/note"

	"vitrine/proof"
)

// Now is the time tests live at.
func Now() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

// A Witness cosigns whatever it is asked to.
type Witness struct {
	*proof.CosignatureSigner
	VKey string
	Time time.Time // of its next cosignature
}

// NewWitness is a witness whose key follows from its name and whose clock stands
// at [Now].
func NewWitness(name string) *Witness {
	w := &Witness{Time: Now()}
	skey, vkey, err := proof.GenerateCosignatureKey(&seedReader{seed: Seed("witness " + name)}, name)
	must(err)
	w.VKey = vkey
	w.CosignatureSigner, err = proof.NewCosignatureSigner(skey, func() time.Time { return w.Time })
	must(err)
	return w
}

// CosignatureKey verifies what the witness signs.
func (w *Witness) CosignatureKey(tb interface{ Fatal(...any) }) note.Verifier {
	v, err := proof.NewCosignatureVerifier(w.VKey)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}
