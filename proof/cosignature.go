package proof

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// A cosignature says: of all trees of this log that I have seen, each a prefix
// of the next, this is the largest one at this time. It is a note signature
// whose bytes are
//
//	timestamp   8 bytes, big-endian, POSIX seconds
//	signature  64 bytes, Ed25519 over the message below
//
// and the message is the checkpoint behind two lines of its own.
const (
	cosignatureSize = 8 + ed25519.SignatureSize
	keyPrefix       = "PRIVATE+KEY+"

	// maxTime is the last second of the year 9999, after which a time cannot be
	// written as RFC 3339. Above it, arithmetic on time.Time can overflow.
	maxTime = 253402300799
)

// cosignatureMessage is what is signed.
//
// SPEC: tlog-cosignature, "Ed25519 signed message": a fixed header line, the
// time without leading zeroes, then the whole body of the checkpoint.
func cosignatureMessage(timestamp uint64, text []byte) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", timestamp, text)
}

type cosignatureVerifier struct{ key Key }

// NewCosignatureVerifier reads a witness's key: c2sp.org/tlog-cosignature v1,
// Ed25519, type 0x04. An ML-DSA key gives an error that is ErrMLDSA.
func NewCosignatureVerifier(vkey string) (note.Verifier, error) {
	k, err := ParseKey(vkey)
	if err != nil {
		return nil, err
	}
	if k.Algorithm != AlgorithmCosignature {
		return nil, fmt.Errorf("verifier key %.80q: signature type %#02x, expected 0x04 for a cosignature", vkey, k.Algorithm)
	}
	return cosignatureVerifier{k}, nil
}

// Name is the witness's name as it stands in its signature lines.
func (v cosignatureVerifier) Name() string { return v.key.Name }

// KeyHash is the key ID as it stands in its signature lines.
func (v cosignatureVerifier) KeyHash() uint32 { return v.key.ID }

// Verify checks a cosignature on a checkpoint's body. It says nothing of
// whether its time is believable.
func (v cosignatureVerifier) Verify(msg, sig []byte) bool {
	if len(sig) != cosignatureSize {
		return false
	}
	timestamp := binary.BigEndian.Uint64(sig)
	// SPEC: tlog-cosignature, "Format": the timestamp MUST NOT exceed 2^63-1.
	if timestamp > math.MaxInt64 {
		return false
	}
	return ed25519.Verify(v.key.Public, cosignatureMessage(timestamp, msg), sig[8:])
}

// CosignatureTime gives the time a cosignature carries, in UTC. Ask it only of
// signatures that a verifier of this package accepted. Time zero, which says
// "no statement about when", and times after the year 9999 are errors.
func CosignatureTime(sig note.Signature) (time.Time, error) {
	raw, err := decodeBase64(sig.Base64)
	if err != nil {
		return time.Time{}, fmt.Errorf("cosignature of %s: %w", sig.Name, err)
	}
	if len(raw) != 4+cosignatureSize {
		return time.Time{}, fmt.Errorf("cosignature of %s: %d bytes, expected %d", sig.Name, len(raw), 4+cosignatureSize)
	}
	timestamp := binary.BigEndian.Uint64(raw[4:])
	if timestamp == 0 || timestamp > maxTime {
		return time.Time{}, fmt.Errorf("cosignature of %s: time %d, expected 1 to %d", sig.Name, timestamp, int64(maxTime))
	}
	return time.Unix(int64(timestamp), 0).UTC(), nil
}

// A CosignatureSigner makes cosignatures: it is what a witness holds. It signs
// whatever it is handed; that the tree only grew is for its holder to check
// first.
type CosignatureSigner struct {
	key  Key
	priv ed25519.PrivateKey
	now  func() time.Time
}

var _ note.Signer = (*CosignatureSigner)(nil)

// NewCosignatureSigner reads a key made by [GenerateCosignatureKey]. The time of
// each cosignature is asked of now.
func NewCosignatureSigner(skey string, now func() time.Time) (*CosignatureSigner, error) {
	// The errors never quote the text: it is secret.
	rest, ok := strings.CutPrefix(skey, keyPrefix)
	if !ok {
		return nil, fmt.Errorf("signer key: expected it to begin with %q", keyPrefix)
	}
	parts := strings.SplitN(rest, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("signer key: expected NAME+ID+KEY behind the prefix")
	}
	if err := checkName(parts[0]); err != nil {
		return nil, fmt.Errorf("signer key: %w", err)
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return nil, fmt.Errorf("signer key %s: expected base64 of a type and a seed of %d bytes", parts[0], ed25519.SeedSize)
	}
	if raw[0] != AlgorithmCosignature {
		return nil, fmt.Errorf("signer key %s: signature type %#02x, expected 0x04 for a cosignature", parts[0], raw[0])
	}
	s := newCosignatureSigner(parts[0], raw[1:], now)
	if want := fmt.Sprintf("%08x", s.key.ID); parts[1] != want {
		return nil, fmt.Errorf("signer key %s: key ID %.16q, expected %s", parts[0], parts[1], want)
	}
	return s, nil
}

func newCosignatureSigner(name string, seed []byte, now func() time.Time) *CosignatureSigner {
	priv := ed25519.NewKeyFromSeed(seed)
	pub := ed25519.PublicKey(priv[ed25519.SeedSize:])
	id := keyID(name, append([]byte{AlgorithmCosignature}, pub...))
	return &CosignatureSigner{Key{name, id, AlgorithmCosignature, pub}, priv, now}
}

// GenerateCosignatureKey makes a witness's key from 32 bytes of rand. skey is
// secret; vkey is what goes into policies.
func GenerateCosignatureKey(rand io.Reader, name string) (skey, vkey string, err error) {
	if err := checkName(name); err != nil {
		return "", "", fmt.Errorf("generate key: %w", err)
	}
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return "", "", fmt.Errorf("generate key %s: %w", name, err)
	}
	s := newCosignatureSigner(name, seed, nil)
	raw := append([]byte{AlgorithmCosignature}, seed...)
	skey = fmt.Sprintf("%s%s+%08x+%s", keyPrefix, name, s.key.ID, base64.StdEncoding.EncodeToString(raw))
	return skey, s.key.String(), nil
}

// Name is the witness's name.
func (s *CosignatureSigner) Name() string { return s.key.Name }

// KeyHash is the ID of its key.
func (s *CosignatureSigner) KeyHash() uint32 { return s.key.ID }

// Key is the public part.
func (s *CosignatureSigner) Key() Key { return s.key }

// Sign cosigns the body of a checkpoint, at the signer's time. It signs nothing
// that is not a checkpoint.
func (s *CosignatureSigner) Sign(msg []byte) ([]byte, error) {
	if _, err := ParseCheckpoint(string(msg)); err != nil {
		return nil, fmt.Errorf("cosign as %s: %w", s.key.Name, err)
	}
	// SPEC: tlog-witness, add-checkpoint: the timestamp MUST NOT be zero.
	t := s.now().Unix()
	if t <= 0 || t > maxTime {
		return nil, fmt.Errorf("cosign as %s: the clock says %d, expected 1 to %d", s.key.Name, t, int64(maxTime))
	}
	sig := binary.BigEndian.AppendUint64(nil, uint64(t))
	return append(sig, ed25519.Sign(s.priv, cosignatureMessage(uint64(t), msg))...), nil
}
