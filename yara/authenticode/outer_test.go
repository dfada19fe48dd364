package authenticode_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"math/big"
	"slices"
	"testing"

	"vitrine/yara/authenticode"
	sign "vitrine/yara/authenticode/authenticodetest"
)

func outer(file []byte) *authenticode.Signature {
	d := sign.DirectoryAt(file)
	return authenticode.Outer(authenticode.File{
		Data: file, NT: sign.NTAt, At: int64(binary.LittleEndian.Uint32(file[d:])), Size: int64(binary.LittleEndian.Uint32(file[d+4:])),
	})
}

// Outer takes messages that Parse does not, and trusts less of what they say.
func TestOuter(t *testing.T) {
	data := sign.Program(false)
	who, server := sign.RSA("Root"), sign.EC()
	good := func(change func(m *sign.Message)) []byte {
		m := sign.Signing(who, crypto.SHA256, data)
		change(m)
		return sign.Attach(data, m.Bytes())
	}
	altered := func(at int, b byte) []byte {
		out := good(func(*sign.Message) {})
		out[at] = b
		return out
	}
	broken := sign.TLV(0x30, sign.Number(1))
	cab := sign.OID(1, 3, 6, 1, 4, 1, 311, 2, 1, 25)
	for name, c := range map[string]struct {
		file             []byte
		parsed, verified bool
		certs, stamps    int // -1: no signature
	}{
		"whole":                    {good(func(*sign.Message) {}), true, true, 2, 0},
		"a broken certificate":     {good(func(m *sign.Message) { m.Certs = [][]byte{broken, who.Cert, broken, who.Issuer} }), false, true, 2, 0},
		"no certificate":           {good(func(m *sign.Message) { m.Certs = [][]byte{} }), false, false, 0, 0},
		"no signer":                {good(func(m *sign.Message) { m.NoSigner = true }), false, false, 2, 0},
		"other content":            {good(func(m *sign.Message) { m.ContentType = sign.OID(1, 2, 3) }), true, false, 2, 0},
		"type not signed":          {good(func(m *sign.Message) { m.Attributes = nil }), true, false, 2, 0},
		"digest of something else": {good(func(m *sign.Message) { ofKind(m, cab, data) }), true, false, 2, 0},
		"stamps of both kinds":     {good(func(m *sign.Message) { m.Unsigned = stamps(server) }), true, true, 2, 1},
		"another revision":         {altered(0x404, 1), true, false, -1, 0},
		"another type":             {altered(0x406, 1), true, false, -1, 0},
		"no message":               {sign.Attach(data, []byte("hello")), false, false, -1, 0},
		"an empty message":         {sign.Attach(data, nil), false, false, -1, 0},
		"past the end":             {good(func(*sign.Message) {})[:0x420], false, false, -1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := len(readSignatures(c.file, sign.DirectoryAt(c.file), nil)); (got > 0) != c.parsed {
				t.Errorf("%d signatures of Parse", got)
			}
			s := outer(c.file)
			if s == nil || c.certs < 0 {
				if (s == nil) != (c.certs < 0) {
					t.Errorf("signature %v", s)
				}
				return
			}
			if len(s.Certificates()) != c.certs || len(s.Countersignatures()) != c.stamps || s.Verified() != c.verified {
				t.Errorf("%d certificates, %d stamps, verified %v", len(s.Certificates()), len(s.Countersignatures()), s.Verified())
			}
		})
	}
}

// ofKind makes the message one over the digest of another kind of file.
func ofKind(m *sign.Message, kind, data []byte) {
	m.Signed = bytes.Replace(m.Signed, sign.OID(1, 3, 6, 1, 4, 1, 311, 2, 1, 15), kind, 1)
	m.Content = sign.TLV(0x30, m.Signed)
}

func stamps(server *sign.Identity) func(value []byte) [][]byte {
	return func(value []byte) [][]byte { return [][]byte{sign.PKCS9(server, value), sign.RFC3161(server, value)} }
}

// What a certificate says of itself, as the standard library reads it.
func TestCertificateParts(t *testing.T) {
	by := sign.Issue(nil, sign.RSAKey(), x509.Certificate{
		SerialNumber: new(big.Int).Lsh(big.NewInt(0x80), 64), Subject: pkix.Name{CommonName: "By"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	data := sign.Program(true)
	key := func(i *sign.Identity) *rsa.PublicKey { return i.Key.Public().(*rsa.PublicKey) }
	for _, hash := range []x509.SignatureAlgorithm{x509.SHA1WithRSA, x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA, x509.SHA256WithRSAPSS} {
		who := sign.Issue(by, sign.RSAKey(), x509.Certificate{
			SerialNumber: big.NewInt(7), SignatureAlgorithm: hash, KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning, x509.ExtKeyUsageTimeStamping},
		})
		s := outer(sign.Attach(data, sign.Signing(who, crypto.SHA256, data).Bytes()))
		own, above := s.Certificates()[0], s.Certificates()[1]
		plain := hash != x509.SHA256WithRSAPSS
		if own.SignedWith(key(by)) != plain || own.SignedWith(key(who)) || !above.SignedWith(key(by)) {
			t.Errorf("%v: signed by its issuer %v, by itself %v", hash, own.SignedWith(key(by)), own.SignedWith(key(who)))
		}
		if !bytes.Equal(own.Raw(), who.Cert) || !bytes.HasSuffix(who.Parsed.RawIssuer, own.RawIssuer()) || !bytes.HasSuffix(by.Parsed.RawSubject, above.RawSubject()) ||
			!bytes.Equal(above.RawSerial(), append([]byte{0, 0x80}, make([]byte, 8)...)) || !who.Key.Public().(*rsa.PublicKey).Equal(own.Key()) {
			t.Errorf("%v: parts are not those of the certificate", hash)
		}
		u, ok := own.Uses()
		if !ok || !u.Extensions || !slices.Equal(u.KeyUsage, []byte{0x80}) || !u.Constrained || u.CA ||
			!slices.Equal(u.Purposes, []string{"1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.8"}) {
			t.Errorf("%v: %+v %v", hash, u, ok)
		}
		if u, ok = above.Uses(); !ok || u.KeyUsage[0] != 4 || !u.CA || u.Purposes != nil {
			t.Errorf("%v: %+v %v", hash, u, ok)
		}
	}
}

// Extensions that are no such thing are told from those that are not there.
func TestBrokenUses(t *testing.T) {
	data := sign.Program(false)
	for name, c := range map[string]struct {
		id    []int
		value []byte
		ok    bool
	}{
		"a usage":             {[]int{2, 5, 29, 15}, []byte{3, 2, 0, 0x80}, true},
		"no usage at all":     {[]int{2, 5, 29, 15}, []byte{3, 1, 0}, true},
		"empty":               {[]int{2, 5, 29, 15}, nil, false},
		"no bits":             {[]int{2, 5, 29, 15}, []byte{3, 0}, false},
		"bits and more":       {[]int{2, 5, 29, 15}, []byte{3, 2, 0, 0x80, 5, 0}, false},
		"purposes":            {[]int{2, 5, 29, 37}, sign.TLV(0x30, sign.OID(1, 2, 3)), true},
		"purposes that are 1": {[]int{2, 5, 29, 37}, sign.TLV(0x30, sign.Number(1)), false},
		"constraints":         {[]int{2, 5, 29, 19}, sign.TLV(0x30), true},
		"constraints, cut":    {[]int{2, 5, 29, 19}, []byte{0x30, 5}, false},
		"something else":      {[]int{1, 2, 3}, []byte{1}, true},
	} {
		root := sign.EC()
		who := sign.Issue(root, sign.RSAKey(), x509.Certificate{SerialNumber: big.NewInt(7), ExtraExtensions: []pkix.Extension{{Id: c.id, Value: c.value}}})
		s := outer(sign.Attach(data, sign.Signing(who, crypto.SHA256, data).Bytes()))
		if u, ok := s.Certificates()[0].Uses(); ok != c.ok || !u.Extensions {
			t.Errorf("%s: %+v %v", name, u, ok)
		}
		if _, ec := s.Certificates()[1].Key().(*ecdsa.PublicKey); !ec {
			t.Errorf("%s: the key of the issuer is a %T", name, s.Certificates()[1].Key())
		}
	}
}
