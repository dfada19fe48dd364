package tuf

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
)

// check compares data with what was said of it. Where digests are named, at
// least one must be of a known kind, and every known one must fit.
func (m fileMeta) check(data []byte) error {
	if m.Length != nil && int64(len(data)) != *m.Length {
		return fmt.Errorf("%d bytes, and %d were announced", len(data), *m.Length)
	}
	if len(m.Hashes) == 0 {
		return nil
	}
	known := 0
	for name, want := range m.Hashes {
		got := digest(name, data)
		if got == nil {
			continue
		}
		known++
		if raw, err := hex.DecodeString(want); err != nil || !bytes.Equal(raw, got) {
			return fmt.Errorf("its %s is %x, and %s was announced", name, got, want)
		}
	}
	if known == 0 {
		return fmt.Errorf("announced with digests of unknown kinds only")
	}
	return nil
}

func digest(name string, data []byte) []byte {
	switch name {
	case "sha256":
		sum := sha256.Sum256(data)
		return sum[:]
	case "sha512":
		sum := sha512.Sum512(data)
		return sum[:]
	}
	return nil
}
