package proof_test

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"vitrine/proof"
	"vitrine/proof/policy"
	"vitrine/proof/statement"
)

// A file is checked offline: with what lies beside it, a policy, and the keys of
// those who may announce such files.
func Example() {
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join("testdata", "vectors", "example", name))
		if err != nil {
			panic(err)
		}
		return data
	}
	leaf := read("000123.bundle.leaf")
	p, err := policy.Parse(read("policy.txt"))
	if err != nil {
		panic(err)
	}
	inclusion, err := proof.ParseInclusionProof(read("000123.bundle.tlog-proof"))
	if err != nil {
		panic(err)
	}

	// The log and enough witnesses signed the tree, and the entry is in it.
	now := time.Date(2026, 6, 1, 12, 30, 0, 0, time.UTC)
	verified, err := p.Verify(inclusion.Checkpoint, now)
	if err != nil {
		panic(err)
	}
	if err := proof.CheckInclusion(proof.LeafHash(leaf), inclusion.Index, inclusion.Hashes, verified.Checkpoint); err != nil {
		panic(err)
	}

	// The authors said what the entry says.
	envelope, err := statement.ParseLeaf(leaf)
	if err != nil {
		panic(err)
	}
	authors := []statement.Key{author("A").Key(), author("B").Key(), author("C").Key()}
	signers, err := envelope.Verify(authors, 2)
	if err != nil {
		panic(err)
	}
	bundle := envelope.Statement.Predicate.(statement.RuleBundle)

	fmt.Printf("entry %d of %s\n", inclusion.Index, verified.Checkpoint.Origin)
	fmt.Printf("seen %s ago by %d witnesses\n", now.Sub(verified.Fresh), len(verified.Cosigned))
	fmt.Printf("%s %d, signed by %d authors\n", bundle.Channel, bundle.Serial, len(signers))
	// Output:
	// entry 12 of log.example/av1
	// seen 30m0s ago by 3 witnesses
	// core 123, signed by 2 authors
}

func ExampleCheckConsistency() {
	log := vectorLog(7)
	older, newer := log.Checkpoint(4), log.Checkpoint(7)
	hashes, err := consistencyProof(log, 4, 7)
	if err != nil {
		panic(err)
	}
	fmt.Println(len(hashes), proof.CheckConsistency(older, newer, hashes))
	// Output: 1 <nil>
}
