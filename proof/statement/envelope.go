package statement

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"vitrine/proof"
)

const (
	// MaxLeaf is the largest entry, in bytes: what the two length bytes of
	// c2sp.org/tlog-tiles can say.
	MaxLeaf = 65535

	// PayloadType is the payloadType of every envelope.
	PayloadType = "application/vnd.in-toto+json"

	maxSignatures = 16
)

// A Signature is an author's, in an envelope.
type Signature struct {
	KeyID string // lower-case hex of 32 bytes
	Sig   []byte // 64 bytes
}

// An Envelope is a leaf, read. That it was read says nothing of who signed it:
// ask Verify.
type Envelope struct {
	Payload    []byte      // the statement's bytes, which were signed
	Statement  Statement   // the same, read
	Signatures []Signature // ascending by key ID, each once, at least one
}

// pae is what an author signs: type and payload with their lengths, so that no
// two pairs give the same bytes.
//
// SPEC: DSSE v1.0, "Signature Definition": PAE(type, body).
func pae(payload []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(PayloadType), PayloadType, len(payload), payload)
}

// Sign makes a leaf: the statement, signed by each signer.
func Sign(s Statement, signers ...Signer) (leaf []byte, err error) {
	payload, err := s.Marshal()
	if err != nil {
		return nil, err
	}
	if len(signers) == 0 {
		return nil, errors.New("sign statement: no signer")
	}
	e := Envelope{Payload: payload}
	for _, signer := range signers {
		if err := e.sign(signer); err != nil {
			return nil, fmt.Errorf("sign statement: %w", err)
		}
	}
	return e.encodeChecked()
}

// AddSignature gives the leaf with one more signature. Signatures already there
// stay; one by the same key is replaced. The leaf's hash changes.
func AddSignature(leaf []byte, s Signer) ([]byte, error) {
	e, err := ParseLeaf(leaf)
	if err != nil {
		return nil, err
	}
	if err := e.sign(s); err != nil {
		return nil, fmt.Errorf("sign leaf: %w", err)
	}
	return e.encodeChecked()
}

// sign adds a signature, and trusts no signer to have made a good one.
func (e *Envelope) sign(s Signer) error {
	key := s.Key()
	if err := key.check(); err != nil {
		return err
	}
	sig, err := s.Sign(pae(e.Payload))
	if err != nil {
		return fmt.Errorf("key %s: %w", key.ID, err)
	}
	if len(sig) != ed25519.SignatureSize || !ed25519.Verify(key.Public, pae(e.Payload), sig) {
		return fmt.Errorf("key %s: the signer gave no valid Ed25519 signature", key.ID)
	}
	i, found := slices.BinarySearchFunc(e.Signatures, key.ID, func(s Signature, id string) int { return strings.Compare(s.KeyID, id) })
	if found {
		e.Signatures[i].Sig = sig
		return nil
	}
	e.Signatures = slices.Insert(e.Signatures, i, Signature{key.ID, sig})
	return nil
}

func (k Key) check() error {
	if err := proof.CheckPublic(k.Public); err != nil {
		return fmt.Errorf("key %.80q: %w", k.ID, err)
	}
	if want := NewKey(k.Public).ID; k.ID != want {
		return fmt.Errorf("key %.80q: expected the ID %s", k.ID, want)
	}
	return nil
}

func (e Envelope) encode() []byte {
	signatures := make(jsonList, len(e.Signatures))
	for i, s := range e.Signatures {
		signatures[i] = jsonObject{"keyid": s.KeyID, "sig": base64.StdEncoding.EncodeToString(s.Sig)}
	}
	return appendJSON(nil, jsonObject{
		"payload":     base64.StdEncoding.EncodeToString(e.Payload),
		"payloadType": PayloadType,
		"signatures":  signatures,
	})
}

func (e Envelope) encodeChecked() ([]byte, error) {
	leaf := e.encode()
	if _, err := ParseLeaf(leaf); err != nil {
		return nil, fmt.Errorf("write leaf: %w", err)
	}
	return leaf, nil
}

// ParseLeaf reads an entry of the log, in its canonical bytes and no others. It
// verifies no signature. Of an unknown type, the error is an [UnknownTypeError]
// and the envelope is given back without a predicate, to be reported.
func ParseLeaf(leaf []byte) (Envelope, error) {
	if len(leaf) > MaxLeaf {
		return Envelope{}, fmt.Errorf("read leaf: %d bytes, expected at most %d", len(leaf), MaxLeaf)
	}
	v, err := decode(leaf)
	if err != nil {
		return Envelope{}, fmt.Errorf("read leaf: %w", err)
	}
	e, err := readEnvelope(v)
	if err != nil {
		return Envelope{}, fmt.Errorf("read leaf: %w", err)
	}
	if !bytes.Equal(e.encode(), leaf) {
		return Envelope{}, errors.New("read leaf: encoded again it is not the same bytes")
	}
	e.Statement, err = Parse(e.Payload)
	if unknown := (*UnknownTypeError)(nil); err != nil && !errors.As(err, &unknown) {
		return Envelope{}, fmt.Errorf("read leaf: %w", err)
	}
	return e, err
}

func readEnvelope(v value) (Envelope, error) {
	var err error
	f := readFields("leaf", v, &err)
	payload := f.string("payload")
	kind := f.string("payloadType")
	signatures := f.list("signatures")
	if f.done(); err != nil {
		return Envelope{}, err
	}
	if kind != PayloadType {
		return Envelope{}, fmt.Errorf("payloadType %.80q, expected %q", kind, PayloadType)
	}
	if len(signatures) < 1 || len(signatures) > maxSignatures {
		return Envelope{}, fmt.Errorf("%d signatures, expected 1 to %d", len(signatures), maxSignatures)
	}
	var e Envelope
	for i, item := range signatures {
		s, err := readSignature(fmt.Sprintf("signatures[%d]", i), item)
		if err != nil {
			return Envelope{}, err
		}
		if i > 0 && e.Signatures[i-1].KeyID >= s.KeyID {
			return Envelope{}, fmt.Errorf("signatures[%d]: expected ascending key IDs, each once", i)
		}
		e.Signatures = append(e.Signatures, s)
	}
	e.Payload, err = decodeBase64(payload)
	if err != nil {
		return Envelope{}, fmt.Errorf("payload: %w", err)
	}
	return e, nil
}

func readSignature(path string, v value) (Signature, error) {
	var err error
	f := readFields(path, v, &err)
	id := f.digest("keyid")
	sig := f.string("sig")
	if f.done(); err != nil {
		return Signature{}, err
	}
	raw, err := decodeBase64(sig)
	if err != nil || len(raw) != ed25519.SignatureSize {
		return Signature{}, fmt.Errorf("%s.sig: expected base64 of %d bytes", path, ed25519.SignatureSize)
	}
	return Signature{Digest(id).String(), raw}, nil
}

// decodeBase64 takes the one spelling: padded, without stray bits or line ends.
func decodeBase64(s string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil || base64.StdEncoding.EncodeToString(raw) != s {
		return nil, errors.New("expected standard base64 with padding and no stray bits")
	}
	return raw, nil
}

// Verify gives the keys, of those listed, that signed the statement, in the
// order of the signatures. It is an error if they are fewer than threshold, and
// if any of them has a signature that is not valid. A key counts once, however
// often it is listed; signatures by other keys count for nothing.
func (e Envelope) Verify(keys []Key, threshold int) (signedBy []Key, err error) {
	known := map[string]Key{}
	for _, k := range keys {
		if err := k.check(); err != nil {
			return nil, fmt.Errorf("verify leaf: %w", err)
		}
		known[k.ID] = k
	}
	if threshold < 1 || threshold > len(known) {
		return nil, fmt.Errorf("verify leaf: threshold %d, expected 1 to the %d keys there are", threshold, len(known))
	}
	msg := pae(e.Payload)
	seen := map[string]bool{}
	for _, s := range e.Signatures {
		k, ok := known[s.KeyID]
		if !ok || seen[k.ID] {
			continue
		}
		seen[k.ID] = true
		if !ed25519.Verify(k.Public, msg, s.Sig) {
			return nil, fmt.Errorf("verify leaf: the signature by key %s is not valid", k.ID)
		}
		signedBy = append(signedBy, k)
	}
	if len(signedBy) < threshold {
		return signedBy, fmt.Errorf("verify leaf: signed by %d of the %d known keys, expected %d", len(signedBy), len(known), threshold)
	}
	return signedBy, nil
}
