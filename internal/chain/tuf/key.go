package tuf

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
)

// Key is a public key of metadata.
type Key struct {
	ID     string // hex SHA-256 of the key's canonical JSON, or what metadata call it
	Type   string // ed25519, ecdsa, rsa
	Scheme string // as TUF names it
	public crypto.PublicKey
}

// Ed25519 is the key if it is an Ed25519 key.
func (k Key) Ed25519() (ed25519.PublicKey, bool) {
	public, ok := k.public.(ed25519.PublicKey)
	return public, ok
}

// rawKey is a key as metadata write it.
type rawKey struct {
	Type   string `json:"keytype"`
	Scheme string `json:"scheme"`
	Value  struct {
		Public string `json:"public"`
	} `json:"keyval"`
}

// parse understands the key. One of an unknown kind is kept without a public
// key: it verifies nothing, and is no error until it is needed.
func (r rawKey) parse(id string) (Key, error) {
	key := Key{ID: id, Type: r.Type, Scheme: r.Scheme}
	var err error
	switch r.Scheme {
	case "ed25519":
		key.public, err = parseEd25519(r.Value.Public)
	case "ecdsa-sha2-nistp256", "rsassa-pss-sha256":
		key.public, err = parsePEM(r.Value.Public)
	}
	if err != nil {
		return key, fmt.Errorf("key %s: %w", id, err)
	}
	return key, nil
}

func parseEd25519(text string) (crypto.PublicKey, error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, errors.New("an Ed25519 key must be 64 hex digits")
	}
	return ed25519.PublicKey(raw), nil
}

func parsePEM(text string) (crypto.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	return x509.ParsePKIXPublicKey(block.Bytes)
}

// verify reports whether sig is the key's signature of message.
func (k Key) verify(message, sig []byte) bool {
	digest := sha256.Sum256(message)
	switch public := k.public.(type) {
	case ed25519.PublicKey:
		return k.Scheme == "ed25519" && ed25519.Verify(public, message, sig)
	case *ecdsa.PublicKey:
		return k.Scheme == "ecdsa-sha2-nistp256" && ecdsa.VerifyASN1(public, digest[:], sig)
	case *rsa.PublicKey:
		return k.Scheme == "rsassa-pss-sha256" && rsa.VerifyPSS(public, crypto.SHA256, digest[:], sig, nil) == nil
	}
	return false
}
