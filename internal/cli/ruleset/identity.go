package ruleset

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
)

// Identity tells two rule sets apart.
type Identity struct {
	Count  int    // of rules, private ones included
	SHA256 string // of the sorted SHA-256 sums of the sources, one hexadecimal line each
}

// Short is as much of the sum as people compare.
func (i Identity) Short() string {
	return i.SHA256[:min(len(i.SHA256), 12)]
}

// identify sums up contents only: the same rules have the same identity
// wherever they lie and however they are packed. more are sums of files that
// are not kept.
func identify(count int, texts map[string][]byte, more map[string]string) Identity {
	sums := slices.Collect(maps.Values(more))
	for _, text := range texts {
		sum := sha256.Sum256(text)
		sums = append(sums, hex.EncodeToString(sum[:]))
	}
	slices.Sort(sums)
	h := sha256.New()
	for _, sum := range slices.Compact(sums) {
		h.Write([]byte(sum + "\n"))
	}
	return Identity{Count: count, SHA256: hex.EncodeToString(h.Sum(nil))}
}
