package proof_test

import (
	"testing"
	"time"

	"vitrine/proof"
	"vitrine/proof/policy"
	"vitrine/proof/prooftest"
	"vitrine/proof/statement"
)

// bundleOf100k is what lies beside a bundle in a log of 100,000 entries, signed
// by the log and two witnesses.
func bundleOf100k(b *testing.B) (*policy.Policy, []byte, []byte) {
	log := vectorLog(54_321)
	leaf, err := statement.Sign(vectorBundle("core", 123), author("A"), author("B"))
	if err != nil {
		b.Fatal(err)
	}
	log.Append(leaf)
	log.AppendNumbered(100_000 - log.Size())
	msg := log.Sign(log.Checkpoint(100_000), vectorWitness("S1"), vectorWitness("W1"))
	p, err := policy.Parse([]byte("log " + log.VKey + "\n" + witnessLine("S1") + witnessLine("W1") + witnessLine("W2") + "group others any W1 W2\ngroup both all S1 others\nquorum both\n"))
	if err != nil {
		b.Fatal(err)
	}
	return p, leaf, log.Prove(54_321, 100_000, msg).Marshal()
}

// BenchmarkVerify is the check of an offline proof: parse, three signatures,
// policy, inclusion. Wanted: at most 0.3 ms, and a proof of at most 1.3 kB.
func BenchmarkVerify(b *testing.B) {
	p, leaf, data := bundleOf100k(b)
	b.ReportAllocs()
	best := time.Hour // on a machine that is shared, the mean tells of the others
	for b.Loop() {
		start := time.Now()
		ip, err := proof.ParseInclusionProof(data)
		if err != nil {
			b.Fatal(err)
		}
		v, err := p.Verify(ip.Checkpoint, prooftest.Now())
		if err != nil {
			b.Fatal(err)
		}
		if err := proof.CheckInclusion(proof.LeafHash(leaf), ip.Index, ip.Hashes, v.Checkpoint); err != nil {
			b.Fatal(err)
		}
		best = min(best, time.Since(start))
	}
	b.ReportMetric(float64(best.Nanoseconds()), "min-ns/op")
	b.ReportMetric(float64(len(data)), "proof-bytes")
	b.ReportMetric(float64(len(leaf)), "leaf-bytes")
}

// BenchmarkVerifyLeaf is what comes on top: the leaf read strictly, and two
// authors' signatures.
func BenchmarkVerifyLeaf(b *testing.B) {
	_, leaf, _ := bundleOf100k(b)
	keys := []statement.Key{author("A").Key(), author("B").Key(), author("C").Key()}
	b.ReportAllocs()
	for b.Loop() {
		e, err := statement.ParseLeaf(leaf)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := e.Verify(keys, 2); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParsePolicy is done at start only.
func BenchmarkParsePolicy(b *testing.B) {
	text := []byte(supervised())
	for b.Loop() {
		if _, err := policy.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

// TestProofSize holds the size that is promised: the bytes do not depend on the
// machine.
func TestProofSize(t *testing.T) {
	log := vectorLog(1)
	msg := log.Sign(proof.Checkpoint{Origin: vectorOrigin, Size: 100_000}, atSecond("S1", 1), atSecond("W1", 1))
	p := proof.InclusionProof{Index: 54_321, Hashes: log.Prove(0, 1, nil).Hashes, Checkpoint: msg}
	for range 17 { // the way to the root of 100,000 entries
		p.Hashes = append(p.Hashes, proof.EmptyRoot())
	}
	data := p.Marshal()
	if _, err := proof.ParseInclusionProof(data); err != nil {
		t.Fatal(err)
	}
	if len(data) > 1300 {
		t.Errorf("a proof of %d bytes, expected at most 1,300", len(data))
	}
}

// BenchmarkThreeSignatures is the part of BenchmarkVerify that nothing can
// spare: what it takes on the same machine at the same time.
func BenchmarkThreeSignatures(b *testing.B) {
	w := prooftest.NewWitness("w.example")
	v := w.CosignatureKey(b)
	text := []byte(vectorLog(3).Checkpoint(3).Text())
	sig, err := w.Sign(text)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for range 3 {
			if !v.Verify(text, sig) {
				b.Fatal("refused")
			}
		}
	}
}
