package policy_test

import (
	"fmt"

	"vitrine/proof/policy"
	"vitrine/proof/prooftest"
)

// A policy that one witness could satisfy twice is refused.
func ExampleParse() {
	log, w := prooftest.NewLog("log.example/av1"), prooftest.NewWitness("w.example")
	_, err := policy.Parse([]byte("log " + log.VKey + `
witness A ` + w.VKey + `
witness B ` + w.VKey + `
group both 2 A B
quorum both
`))
	fmt.Println(err)
	// Output: policy: line 3: witness B has the same public key as witness A
}
