package tufrepo

import (
	"crypto"
	"encoding/hex"
	"fmt"
	"io"

	"vitrine/proof/statement"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// signed gives metadata as a file, signed by all who sign for the role.
func signed[T metadata.Roles](m *metadata.Metadata[T], role string, sign Signers) ([]byte, error) {
	signers, err := sign(role)
	if err != nil {
		return nil, fmt.Errorf("sign %s: %w", role, err)
	}
	m.ClearSignatures()
	for _, s := range signers {
		if _, err := m.Sign(signer{s}); err != nil {
			return nil, fmt.Errorf("sign %s: %w", role, err)
		}
	}
	return m.ToBytes(false)
}

// tufKey is a key as go-tuf has it.
func tufKey(k statement.Key) *metadata.Key {
	return &metadata.Key{Type: metadata.KeyTypeEd25519, Scheme: metadata.KeySchemeEd25519, Value: metadata.KeyVal{PublicKey: hex.EncodeToString(k.Public)}}
}

// signer makes one of ours one of go-tuf's.
type signer struct{ statement.Signer }

// SignMessage implements signature.Signer.
func (s signer) SignMessage(message io.Reader, _ ...signature.SignOption) ([]byte, error) {
	data, err := io.ReadAll(message)
	if err != nil {
		return nil, err
	}
	return s.Sign(data)
}

// PublicKey implements signature.Signer.
func (s signer) PublicKey(...signature.PublicKeyOption) (crypto.PublicKey, error) {
	return s.Key().Public, nil
}
