package statement

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
)

// A Key is an author's public key.
type Key struct {
	ID     string // as TUF names keys; see NewKey
	Public ed25519.PublicKey
}

// NewKey names a key as TUF metadata does: by the SHA-256, in hex, of the
// canonical JSON of its type, scheme and public part.
func NewKey(pub ed25519.PublicKey) Key {
	text := appendJSON(nil, jsonObject{
		"keytype": "ed25519",
		"keyval":  jsonObject{"public": hex.EncodeToString(pub)},
		"scheme":  "ed25519",
	})
	sum := sha256.Sum256(text)
	return Key{hex.EncodeToString(sum[:]), pub}
}

// A Signer signs for an author. Where the private key is, is its own business.
type Signer interface {
	// Key is the public key.
	Key() Key
	// Sign gives the Ed25519 signature, 64 bytes, of msg itself.
	Sign(msg []byte) ([]byte, error)
}

// NewSigner signs with a private key in memory.
func NewSigner(priv ed25519.PrivateKey) Signer {
	return memorySigner{NewKey(ed25519.PublicKey(priv[ed25519.SeedSize:])), priv}
}

type memorySigner struct {
	key  Key
	priv ed25519.PrivateKey
}

// Key is the public key.
func (s memorySigner) Key() Key { return s.key }

// Sign signs msg.
func (s memorySigner) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.priv, msg), nil }
