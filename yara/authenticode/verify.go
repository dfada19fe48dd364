package authenticode

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"
)

const (
	oidRSA        = "1.2.840.113549.1.1.1"
	oidEC         = "1.2.840.10045.2.1"
	oidP256       = "1.2.840.10045.3.1.7"
	oidP384       = "1.3.132.0.34"
	oidP521       = "1.3.132.0.35"
	maxModulus    = 1024 // bytes: 8192 bits
	maxExponent   = 4
	tagSetOfAttrs = tagSet
)

// listed reports whether the message announces the signer's digest algorithm,
// and none that is unknown here.
func (d *signedData) listed(oid string) bool {
	found := false
	for _, have := range d.digests {
		if _, kind := newDigest(have); kind == 0 {
			return false
		}
		found = found || have == oid
	}
	return found
}

// verifies reports whether the signer's signature holds: the content has the
// digest that the signed attributes claim, and the attributes were signed with
// the certificate's key.
func (s *signerInfo) verifies(c *Certificate, content []byte) bool {
	claimed, ok := s.digestOf()
	if !ok || !equalDigest(claimed, sum(s.digestAlgorithm, content)) {
		return false
	}
	return s.signedBy(c)
}

// signedBy checks the signature over the attributes. They are signed as a SET,
// not under the tag they have in the file.
func (s *signerInfo) signedBy(c *Certificate) bool {
	if len(s.attributes.raw) == 0 {
		return false
	}
	digest := sum(s.digestAlgorithm, []byte{tagSetOfAttrs}, s.attributes.raw[1:])
	_, kind := newDigest(s.digestAlgorithm)
	if digest == nil {
		return false
	}
	switch key := c.publicKey().(type) {
	case *rsa.PublicKey:
		// Some old time stamps sign the bare digest.
		return rsa.VerifyPKCS1v15(key, kind, digest, s.encrypted) == nil ||
			rsa.VerifyPKCS1v15(key, 0, digest, s.encrypted) == nil
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(key, digest, s.encrypted)
	}
	return false
}

func equalDigest(a, b []byte) bool { return b != nil && bytes.Equal(a, b) }

// publicKey reads the key of a certificate: RSA or ECDSA on a NIST curve.
func (c *Certificate) publicKey() crypto.PublicKey {
	info := (&reader{rest: c.key}).inside(tagSequence)
	oid, parameters := info.algorithm()
	bits := info.bits()
	if info.bad || bits[0] != 0 {
		return nil
	}
	switch oid {
	case oidRSA:
		return rsaKey(bits[1:])
	case oidEC:
		if parameters.tag != tagOID {
			return nil
		}
		return ecKey(dotted(parameters.body), bits[1:])
	}
	return nil
}

func rsaKey(in []byte) crypto.PublicKey {
	r := (&reader{rest: in}).inside(tagSequence)
	n, e := minimal(r.take(tagInteger).body), minimal(r.take(tagInteger).body)
	if r.bad || len(n) == 0 || n[0] >= 0x80 || len(n) > maxModulus+1 || len(e) == 0 || len(e) > maxExponent || e[0] >= 0x80 {
		return nil
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(integer(e))}
}

func ecKey(curve string, point []byte) crypto.PublicKey {
	var c elliptic.Curve
	switch curve {
	case oidP256:
		c = elliptic.P256()
	case oidP384:
		c = elliptic.P384()
	case oidP521:
		c = elliptic.P521()
	default:
		return nil
	}
	key, err := ecdsa.ParseUncompressedPublicKey(c, point)
	if err != nil {
		return nil
	}
	return key
}
