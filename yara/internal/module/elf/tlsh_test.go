package elf

import (
	"bytes"
	"strings"
	"testing"
)

func TestTLSHOfPlainInput(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing": nil, "49 bytes": bytes.Repeat([]byte("abcdefg"), 7), "one letter": bytes.Repeat([]byte("a"), 1000),
		"two letters": bytes.Repeat([]byte("ab"), 1000),
	} {
		if got := tlsh(data); got == nil || len(got) != 0 {
			t.Errorf("%s: %q, want an empty hash", name, got)
		}
	}
}

// Like inputs have like hashes: that is what the hash is for.
func TestTLSHOfLikeInput(t *testing.T) {
	var text strings.Builder
	for i := range 400 {
		text.WriteString(strings.Repeat(string(rune('a'+i*i%23)), 1+i%3))
	}
	one, other := tlsh([]byte(text.String())), tlsh([]byte(text.String()+"tail"))
	if len(one) != 72 || len(other) != 72 || string(one[:2]) != "T1" {
		t.Fatalf("hashes %q and %q", one, other)
	}
	differ := 0
	for i := 8; i < len(one); i++ {
		if one[i] != other[i] {
			differ++
		}
	}
	if differ > 16 {
		t.Errorf("%d of 64 digits differ:\n%s\n%s", differ, one, other)
	}
}

func TestTLSHLength(t *testing.T) {
	for n, want := range map[int]byte{0: 0, 1: 0, 2: 1, 3: 2, 4: 3, 5: 3, 656: 15, 657: 16, 3171: 21, 1 << 31: 162} {
		if got := tlshLength(n); got != want {
			t.Errorf("length %d is in bucket %d, want %d", n, got, want)
		}
	}
	for i := 1; i < len(lengthTops); i++ {
		if lengthTops[i] <= lengthTops[i-1] {
			t.Errorf("lengths are not in order at %d", i)
		}
	}
}

func TestPermutation(t *testing.T) {
	var seen [256]bool
	for _, v := range permutation {
		seen[v] = true
	}
	for v, ok := range seen {
		if !ok {
			t.Errorf("%d is missing", v)
		}
	}
}
