package statement_test

import (
	"crypto/ed25519"
	"fmt"
	"time"

	"vitrine/proof/statement"
)

func ExampleSign() {
	signer := statement.NewSigner(ed25519.NewKeyFromSeed(make([]byte, 32)))
	leaf, err := statement.Sign(statement.Statement{
		Subject: []statement.Subject{{Name: "certificates/deletion-1.txt"}},
		Predicate: statement.Deletion{
			Commitment: statement.Commit([32]byte{1}, []byte("what was erased")),
			Method:     "key destroyed",
			Time:       time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC),
		},
	}, signer)
	if err != nil {
		panic(err)
	}
	envelope, err := statement.ParseLeaf(leaf)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s\n", envelope.Payload)
	// Output:
	// {"_type":"https://in-toto.io/Statement/v1","predicate":{"commitment":"35cc57f146a1c4586319fe2a4cb58d3289e26377cc8aa8af804a1294b18d0ae7","method":"key destroyed","time":"2026-06-01T12:00:00Z"},"predicateType":"urn:vitrine:deletion:v1","subject":[{"digest":{"sha256":"0000000000000000000000000000000000000000000000000000000000000000"},"name":"certificates/deletion-1.txt"}]}
}
