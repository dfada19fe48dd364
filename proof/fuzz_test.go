package proof_test

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"vitrine/proof"
	"vitrine/proof/prooftest"
)

// seeds are the inputs of the vectors.
func seeds(f *testing.F, cases []vector, add func(input)) {
	for _, v := range cases {
		if len(v.In.Data)+len(v.In.Text) < 8192 {
			add(v.In)
		}
	}
}

// What is accepted has one spelling.
func FuzzParseCheckpoint(f *testing.F) {
	seeds(f, checkpointCases(), func(in input) { f.Add(in.Text) })
	f.Fuzz(func(t *testing.T, text string) {
		c, err := proof.ParseCheckpoint(text)
		if err == nil && (c.Text() != text || c.Size < 0 || c.Size > proof.MaxTreeSize || c.Origin == "") {
			t.Errorf("%q read as %+v", text, c)
		}
	})
}

func FuzzParseKey(f *testing.F) {
	seeds(f, keyCases(), func(in input) { f.Add(in.VKey) })
	f.Fuzz(func(t *testing.T, vkey string) {
		k, err := proof.ParseKey(vkey)
		if err != nil {
			return
		}
		if k.String() != vkey || len(k.Public) != 32 {
			t.Errorf("%q read as %+v", vkey, k)
		}
		// What we accept for a log, x/mod accepts.
		if k.Algorithm == proof.AlgorithmEd25519 {
			if _, err := note.NewVerifier(vkey); err != nil {
				t.Errorf("%q: %v", vkey, err)
			}
		}
	})
}

// What we open x/mod opens with the same result; what is signed is what was
// signed.
func FuzzOpenNote(f *testing.F) {
	log := prooftest.NewLog(vectorOrigin)
	v, err := note.NewVerifier(log.VKey)
	if err != nil {
		f.Fatal(err)
	}
	w := prooftest.NewWitness("w.example")
	seeds(f, verifyCases(), func(in input) { f.Add(in.Data) })
	f.Fuzz(func(t *testing.T, msg []byte) {
		n, err := proof.OpenNote(msg, v, w.CosignatureKey(t))
		if err != nil {
			return
		}
		if !strings.HasPrefix(string(msg), n.Text) || len(n.Sigs) == 0 {
			t.Errorf("%q opened as %+v", msg, n)
		}
	})
}

func FuzzParseInclusionProof(f *testing.F) {
	seeds(f, inclusionProofCases(), func(in input) { f.Add(in.Data) })
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := proof.ParseInclusionProof(data)
		if err != nil {
			return
		}
		if !bytes.Equal(p.Marshal(), data) || p.Index < 0 || len(p.Hashes) > 40 {
			t.Errorf("%q read as %+v", data, p)
		}
	})
}

// Any bytes for a signature, any text: an answer, and yes only to the signer's.
func FuzzCosignature(f *testing.F) {
	w := prooftest.NewWitness("w.example/1")
	v := w.CosignatureKey(f)
	seeds(f, cosignatureCases(), func(in input) { f.Add([]byte(in.Text), in.Signature) })
	f.Fuzz(func(t *testing.T, text, sig []byte) {
		ok := v.Verify(text, sig)
		if _, err := proof.CosignatureTime(noteSignature(v, sig)); err == nil && len(sig) != 72 {
			t.Errorf("a time in %d bytes", len(sig))
		}
		if ok && len(sig) != 72 {
			t.Errorf("accepted %d bytes", len(sig))
		}
	})
}
