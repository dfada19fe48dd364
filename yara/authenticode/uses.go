package authenticode

import (
	"crypto"
	"crypto/rsa"
)

// Uses is what a certificate says its key may be used for.
type Uses struct {
	Extensions  bool     // there are any; without them the rest is empty
	KeyUsage    []byte   // the bits of the extension, the first one highest; nil: it is not there
	Purposes    []string // identifiers of the extended key usage; nil: it is not there
	Constrained bool     // basic constraints are there
	CA          bool     // and let it issue certificates
}

// maxPurposes is how many are read of one certificate.
const maxPurposes = 64

// Uses reads what the extensions say of the key; ok is false when one of them
// cannot be read.
func (c *Certificate) Uses() (u Uses, ok bool) {
	bad := false
	u.Extensions = c.extensions != nil
	if v, there := c.extensions[oidKeyUsage]; there {
		r := &reader{rest: v}
		bits := r.bits()
		if r.end(); !r.bad {
			u.KeyUsage = bits[1:]
		}
		bad = bad || r.bad
	}
	if v, there := c.extensions[oidPurposes]; there {
		u.Purposes = []string{}
		list := (&reader{rest: v}).inside(tagSequence)
		for list.more() && len(u.Purposes) < maxPurposes {
			u.Purposes = append(u.Purposes, list.oid())
		}
		bad = bad || list.bad
	}
	if v, there := c.extensions[oidConstraints]; there {
		list := (&reader{rest: v}).inside(tagSequence)
		ca, _ := list.maybe(tagBoolean)
		u.Constrained, u.CA = true, len(ca.body) == 1 && ca.body[0] != 0
		bad = bad || list.bad
	}
	return u, !bad
}

// Raw is the whole certificate as it stands in the file.
func (c *Certificate) Raw() []byte { return c.raw }

// RawIssuer is the contents of the issuer's Name, as they stand in the file.
func (c *Certificate) RawIssuer() []byte { return c.issuer.raw }

// RawSubject is the contents of the subject's Name, as they stand in the file.
func (c *Certificate) RawSubject() []byte { return c.subject.raw }

// RawSerial is the serial number as it stands in the file: big endian, with
// bytes in front that only repeat the sign.
func (c *Certificate) RawSerial() []byte { return c.rawSerial }

// Key is the *rsa.PublicKey, of up to 8192 bits, or the *ecdsa.PublicKey, on a
// NIST curve, that the certificate is for; nil for any other.
func (c *Certificate) Key() crypto.PublicKey { return c.publicKey() }

// SignedWith reports whether the certificate was signed with this RSA key and
// SHA-1, SHA-256, SHA-384 or SHA-512. Signatures with MD5 can be made to fit
// other certificates, and do not count.
func (c *Certificate) SignedWith(key *rsa.PublicKey) bool {
	digest := signatureDigest(c.algorithm)
	_, kind := newDigest(digest)
	return kind != 0 && c.sameAlgorithm && rsa.VerifyPKCS1v15(key, kind, sum(digest, c.signed), c.signature) == nil
}

// signatureDigest gives the digest algorithm of an RSA signature, or nothing.
func signatureDigest(oid string) string {
	switch oid {
	case "1.2.840.113549.1.1.5", "1.3.14.3.2.29":
		return oidSHA1
	case "1.2.840.113549.1.1.11":
		return oidSHA256
	case "1.2.840.113549.1.1.12":
		return oidSHA384
	case "1.2.840.113549.1.1.13":
		return oidSHA512
	}
	return ""
}
