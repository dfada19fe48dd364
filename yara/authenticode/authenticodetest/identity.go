// Package authenticodetest makes signed programs for tests: keys, certificates
// of every kind, PKCS #7 messages with and without time stamps, and the PE files
// they are attached to. What it makes may be wrong in any part, if a test asks.
package authenticodetest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // what messages are signed with
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"time"
)

// Identity is a key with its certificate and the issuer's.
type Identity struct {
	Key    crypto.Signer
	Cert   []byte
	Issuer []byte // certificate, may be the same
	Parsed *x509.Certificate
}

// Begin is when all certificates begin that nothing else is said of.
func Begin() time.Time { return time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC) }

// End is when they end: past the years of UTCTime.
func End() time.Time { return time.Date(2051, 1, 1, 0, 0, 0, 0, time.UTC) }

// Stamp is the time of time stamps.
func Stamp() time.Time { return time.Date(2021, 5, 6, 7, 8, 9, 0, time.UTC) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// RSA makes an identity with an RSA key under a root of this name.
func RSA(issuer string) *Identity { return NewIdentity(issuer, RSAKey()) }

// EC makes an identity with an ECDSA key under a root of its own.
func EC() *Identity {
	return NewIdentity("Root", must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))
}

// RSAKey makes a key as short as anybody takes.
func RSAKey() crypto.Signer { return must(rsa.GenerateKey(rand.Reader, 1024)) }

// NewIdentity makes a root with an ECDSA key and a certificate under it.
func NewIdentity(issuer string, key crypto.Signer) *Identity {
	rootKey := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	root := Issue(nil, rootKey, x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: issuer}, IsCA: true, BasicConstraintsValid: true, SubjectKeyId: []byte{1, 2, 3},
	})
	return Issue(root, key, x509.Certificate{
		SerialNumber: big.NewInt(0x7fab01),
		Subject:      pkix.Name{Country: []string{"DE"}, Organization: []string{"Söhne / Co + KG"}, CommonName: "Signer"},
	})
}

// Issue makes a certificate for a key; without an issuer it signs itself.
// Validity is from Begin to End unless c says otherwise.
func Issue(by *Identity, key crypto.Signer, c x509.Certificate) *Identity {
	if c.NotBefore.IsZero() {
		c.NotBefore = Begin()
	}
	if c.NotAfter.IsZero() {
		c.NotAfter = End()
	}
	if by == nil {
		by = &Identity{Key: key, Parsed: &c}
	}
	der := must(x509.CreateCertificate(rand.Reader, &c, by.Parsed, key.Public(), by.Key))
	parsed, err := x509.ParseCertificate(der)
	if err != nil { // the standard library refuses what the test wants
		parsed = &x509.Certificate{SerialNumber: c.SerialNumber, RawIssuer: by.Parsed.RawSubject}
	}
	out := &Identity{Key: key, Cert: der, Issuer: by.Cert, Parsed: parsed}
	if by.Cert == nil {
		out.Issuer = der
	}
	return out
}
