package tile_test

import (
	"context"
	"fmt"

	"vitrine/proof"
	"vitrine/proof/prooftest"
	"vitrine/proof/tile"
)

func ExampleReader_Entries() {
	log := prooftest.NewLog("log.example/av1")
	log.Append([]byte("one"), []byte("two"), []byte("three"))
	checkpoint := log.Checkpoint(3) // which in earnest is verified first
	r := tile.NewReader(context.Background(), prooftest.Fetch(log.Files(3)), checkpoint)
	for entry, err := range r.Entries(1, 3) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%d %s\n", entry.Index, entry.Data)
	}
	hashes, err := r.Inclusion(2)
	fmt.Println(len(hashes), err, proof.CheckInclusion(proof.LeafHash([]byte("three")), 2, hashes, checkpoint))
	// Output:
	// 1 two
	// 2 three
	// 1 <nil> <nil>
}
