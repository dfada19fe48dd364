package proof_test

import (
	"os"
	"path/filepath"
	"testing"

	"vitrine/proof"
	"vitrine/proof/policy"
	"vitrine/proof/prooftest"
	"vitrine/proof/statement"
)

// vectorFiles is one complete example as files: what lies beside a bundle, and
// the policy to check it with.
func vectorFiles(t *testing.T) map[string][]byte {
	log := vectorLog(12)
	leaf, err := statement.Sign(vectorBundle("core", 123), author("A"), author("B"))
	if err != nil {
		t.Fatal(err)
	}
	log.Append(leaf)
	log.AppendNumbered(7)
	c := log.Checkpoint(20)
	p := log.Prove(12, 20, log.Sign(c, vectorWitness("S1"), vectorWitness("W1"), vectorWitness("W3")))
	return map[string][]byte{"policy.txt": []byte(supervised()), "000123.bundle.leaf": leaf, "000123.bundle.tlog-proof": p.Marshal()}
}

// TestVectorFiles checks the example from the files alone, as a stranger would.
func TestVectorFiles(t *testing.T) {
	dir := filepath.Join("testdata", "vectors", "example")
	files := map[string][]byte{}
	for name, want := range vectorFiles(t) {
		file := filepath.Join(dir, name)
		if *update {
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s is not what is generated", file)
		}
		files[name] = got
	}
	p, err := policy.Parse(files["policy.txt"])
	if err != nil {
		t.Fatal(err)
	}
	ip, err := proof.ParseInclusionProof(files["000123.bundle.tlog-proof"])
	if err != nil {
		t.Fatal(err)
	}
	v, err := p.Verify(ip.Checkpoint, prooftest.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := proof.CheckInclusion(proof.LeafHash(files["000123.bundle.leaf"]), ip.Index, ip.Hashes, v.Checkpoint); err != nil {
		t.Error(err)
	}
	e, err := statement.ParseLeaf(files["000123.bundle.leaf"])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Verify([]statement.Key{author("A").Key(), author("B").Key(), author("C").Key()}, 2); err != nil {
		t.Error(err)
	}
	other := append([]byte(nil), files["000123.bundle.leaf"]...)
	other[len(other)-20] ^= 1
	if proof.CheckInclusion(proof.LeafHash(other), ip.Index, ip.Hashes, v.Checkpoint) == nil {
		t.Error("a changed leaf is in the log")
	}
}
