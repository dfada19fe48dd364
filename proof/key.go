package proof

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// Signature types of c2sp.org/signed-note that this package knows.
const (
	// AlgorithmEd25519 signs the note's text: what a log does.
	AlgorithmEd25519 = 0x01
	// AlgorithmCosignature signs time and text with Ed25519: what a witness does.
	AlgorithmCosignature = 0x04
	// AlgorithmMLDSA signs time and tree head with ML-DSA-44. Its keys are told
	// apart and refused with ErrMLDSA, its signatures are passed over.
	AlgorithmMLDSA = 0x06
)

// ErrMLDSA refuses a key that is good but of a kind not implemented here.
var ErrMLDSA = errors.New("ML-DSA-44 cosignatures (type 0x06) are not supported, expected Ed25519 (type 0x01 or 0x04)")

const mldsaPublicSize = 1312

// A Key is a verifier key of c2sp.org/signed-note, taken apart. Two keys of
// which only the public part is the same are the same key.
type Key struct {
	Name      string            // no spaces, no plus
	ID        uint32            // first 4 bytes of SHA-256(name, newline, algorithm, public)
	Algorithm byte              // AlgorithmEd25519 or AlgorithmCosignature
	Public    ed25519.PublicKey // 32 bytes, of a point that is not weak
}

// ParseKey reads NAME+ID+KEY in its only spelling.
func ParseKey(vkey string) (Key, error) {
	if strings.HasPrefix(vkey, keyPrefix) {
		// Not quoted: errors are printed and logged.
		return Key{}, errors.New("verifier key: this is a signer's secret key, expected the public NAME+ID+KEY")
	}
	k, err := parseKey(vkey)
	if err != nil {
		return Key{}, fmt.Errorf("verifier key %.80q: %w", vkey, err)
	}
	return k, nil
}

func parseKey(vkey string) (Key, error) {
	// SPEC: signed-note, "Verifier keys": name, hex ID of 8 digits and base64
	// of type and key, separated by plus. Names hold no plus; base64 may.
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return Key{}, errors.New("expected NAME+ID+KEY")
	}
	if err := checkName(parts[0]); err != nil {
		return Key{}, err
	}
	raw, err := decodeBase64(parts[2])
	if err != nil {
		return Key{}, err
	}
	if len(raw) == 0 {
		return Key{}, errors.New("empty, expected a signature type and a key")
	}
	id := keyID(parts[0], raw)
	// SPEC: signed-note: hex is lower case and zero-padded; the ID is computed
	// as the types used here prescribe.
	if want := fmt.Sprintf("%08x", id); parts[1] != want {
		return Key{}, fmt.Errorf("key ID %.16q, expected %s", parts[1], want)
	}
	k := Key{Name: parts[0], ID: id, Algorithm: raw[0], Public: raw[1:]}
	return k, k.check()
}

func (k Key) check() error {
	switch k.Algorithm {
	case AlgorithmEd25519, AlgorithmCosignature:
		return checkPublic(k.Public)
	case AlgorithmMLDSA:
		if len(k.Public) != mldsaPublicSize {
			return fmt.Errorf("ML-DSA-44 key of %d bytes, expected %d", len(k.Public), mldsaPublicSize)
		}
		return ErrMLDSA
	}
	return fmt.Errorf("signature type %#02x, expected 0x01 or 0x04", k.Algorithm)
}

// String is the key as ParseKey reads it.
func (k Key) String() string {
	raw := append([]byte{k.Algorithm}, k.Public...)
	return fmt.Sprintf("%s+%08x+%s", k.Name, k.ID, base64.StdEncoding.EncodeToString(raw))
}

// Verifier gives what verifies signatures of this key, by its algorithm.
func (k Key) Verifier() (note.Verifier, error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	if k.Algorithm == AlgorithmCosignature {
		return cosignatureVerifier{k}, nil
	}
	return note.NewVerifier(k.String())
}

// checkName holds a key's name to the signed-note format.
func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("expected a key name")
	case len(name) > maxOrigin:
		return fmt.Errorf("key name of %d bytes, expected at most %d", len(name), maxOrigin)
	case !utf8.ValidString(name):
		return fmt.Errorf("key name %q, expected valid UTF-8", name)
	case strings.Contains(name, "+") || strings.ContainsFunc(name, unicode.IsSpace) || strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("key name %q, expected no space, plus or control character", name)
	}
	return nil
}

// keyID hashes a name and a key that begins with its type.
//
// SPEC: signed-note, "Signatures": SHA-256(name || 0x0A || type || key)[:4].
func keyID(name string, key []byte) uint32 {
	sum := sha256.Sum256(slices.Concat([]byte(name), []byte{'\n'}, key))
	return binary.BigEndian.Uint32(sum[:])
}
