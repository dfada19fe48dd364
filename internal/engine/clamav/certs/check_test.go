package certs

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"

	"vitrine/yara/authenticode"
	sign "vitrine/yara/authenticode/authenticodetest"
)

func named(n int64, name string) x509.Certificate {
	return x509.Certificate{SerialNumber: big.NewInt(n), Subject: pkix.Name{CommonName: name}}
}

// outer reads the signature of a program that m signs.
func outer(t *testing.T, m *sign.Message) *authenticode.Signature {
	t.Helper()
	program := sign.Program(false)
	data := sign.Attach(program, m.Bytes())
	s := authenticode.Outer(authenticode.File{Data: data, NT: sign.NTAt, At: int64(len(program)), Size: int64(len(data) - len(program))})
	if s == nil {
		t.Fatal("no signature")
	}
	return s
}

// trust is an entry for a certificate's subject and key.
func trust(c *authenticode.Certificate, u uses) Entry {
	return Entry{Name: "Trust", Trusted: true, subject: sha1.Sum(c.RawSubject()), anySerial: true, key: c.Key().(*rsa.PublicKey), uses: u}
}

var all = uses{code: true, time: true, certs: true}

func issuer(n int64, name string) x509.Certificate {
	c := named(n, name)
	c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	return c
}

func coder(n int64, name string) x509.Certificate {
	c := named(n, name)
	c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	return c
}

// A chain in which every certificate comes before the one it needs.
func TestLongChain(t *testing.T) {
	const length = 20
	by := sign.Issue(nil, sign.RSAKey(), issuer(1, "Root"))
	certs := [][]byte{by.Cert}
	for i := range int64(length) {
		by = sign.Issue(by, sign.RSAKey(), issuer(2+i, string(rune('A'+i))))
		certs = append([][]byte{by.Cert}, certs...)
	}
	leaf := sign.Issue(by, sign.RSAKey(), coder(90, "Leaf"))
	m := sign.Signing(leaf, crypto.SHA256, sign.Program(false))
	m.Certs = append([][]byte{leaf.Cert}, certs...)
	s := outer(t, m)
	now := sign.Stamp().Unix()
	root := s.Certificates()[length+1]
	for name, c := range map[string]struct {
		uses uses
		now  int64
		want bool
	}{
		"trusted":        {all, now, true},
		"no clock":       {all, 0, false},
		"too early":      {all, sign.Begin().Unix() - 1, false},
		"too late":       {all, sign.End().Unix() + 1, false},
		"not for code":   {uses{time: true, certs: true}, now, false},
		"no certificate": {uses{time: true, code: true}, now, false},
	} {
		if got := NewList([]Entry{trust(root, c.uses)}).Check(s, c.now); got.Trusted != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	late := trust(leafOf(s), all)
	if got := NewList([]Entry{late}).Check(s, now); !got.Trusted {
		t.Errorf("the leaf itself: %+v", got)
	}
	if late.notBefore = sign.Begin().Unix() + 1; NewList([]Entry{late}).Check(s, now).Trusted {
		t.Error("a certificate that begins before the entry allows is trusted")
	}
}

func leafOf(s *authenticode.Signature) *authenticode.Certificate { return s.Certificates()[0] }

// Two certificates for one key, each good for one use, make it good for both.
func TestCrossed(t *testing.T) {
	one := sign.Issue(nil, sign.RSAKey(), issuer(1, "One"))
	two := sign.Issue(nil, sign.RSAKey(), issuer(2, "Two"))
	crossed := sign.Issue(one, sign.RSAKey(), issuer(3, "Crossed"))
	again := sign.Issue(two, crossed.Key, issuer(4, "Crossed"))
	both := named(5, "Leaf")
	both.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning, x509.ExtKeyUsageTimeStamping}
	leaf := sign.Issue(crossed, sign.RSAKey(), both)
	m := sign.Signing(leaf, crypto.SHA256, sign.Program(false))
	m.Certs = [][]byte{one.Cert, two.Cert, crossed.Cert, again.Cert, leaf.Cert}
	s := outer(t, m)
	c := s.Certificates()
	stamps, code := trust(c[0], uses{time: true, certs: true}), trust(c[1], uses{code: true, certs: true})
	for name, x := range map[string]struct {
		list []Entry
		want bool
	}{"stamps": {[]Entry{stamps}, false}, "code": {[]Entry{code}, true}, "both": {[]Entry{stamps, code}, true}} {
		if got := NewList(x.list).Check(s, sign.Stamp().Unix()); got.Trusted != x.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Certificates that only claim to be signed by a trusted key cost no more than
// the cap.
func TestHostile(t *testing.T) {
	root := sign.Issue(nil, sign.RSAKey(), issuer(1, "Root"))
	liar := sign.Issue(nil, sign.RSAKey(), issuer(1, "Root"))
	key := sign.RSAKey()
	var certs [][]byte
	for i := range int64(200) {
		certs = append(certs, sign.Issue(liar, key, issuer(10+i, "Root")).Cert)
	}
	m := sign.Signing(root, crypto.SHA256, sign.Program(false))
	m.Certs = certs
	s := outer(t, m)
	real := outer(t, sign.Signing(root, crypto.SHA256, sign.Program(false))).Certificates()[0]
	list := NewList([]Entry{trust(real, all), trust(real, uses{code: true, certs: true}), trust(real, uses{time: true, certs: true})})
	c := &check{list: list, holders: holders(s.Certificates()), left: maxVerifications}
	if len(c.holders) > 128 || c.trusts(s, sign.Stamp().Unix()) || c.left != 0 {
		t.Errorf("%d certificates, %d verifications left", len(c.holders), c.left)
	}
	if v := list.Check(s, sign.Stamp().Unix()); v.Trusted || len(v.Blocked) > 0 {
		t.Errorf("%+v", v)
	}
}

func TestUses(t *testing.T) {
	bare := named(1, "Bare")
	short := coder(4, "Short")
	for name, c := range map[string]struct {
		cert   x509.Certificate
		want   uses
		issues bool
	}{
		"no extensions":          {bare, uses{}, false},
		"issuer":                 {issuer(2, "Issuer"), all, true},
		"coder":                  {short, uses{code: true}, false},
		"no issuer, no usage":    {x509.Certificate{SerialNumber: big.NewInt(5), BasicConstraintsValid: true}, all, false},
		"no constraints":         {x509.Certificate{SerialNumber: big.NewInt(6), KeyUsage: x509.KeyUsageCertSign}, all, true},
		"another purpose":        {x509.Certificate{SerialNumber: big.NewInt(7), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}}, uses{certs: true}, true},
		"usage, and no issuer's": {x509.Certificate{SerialNumber: big.NewInt(8), BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature}, uses{code: true, time: true}, false},
	} {
		by := sign.Issue(nil, sign.RSAKey(), issuer(99, "By"))
		by.Parsed.SubjectKeyId = nil // or certificates get an extension that names it
		h := holders(outer(t, sign.Signing(sign.Issue(by, sign.RSAKey(), c.cert), crypto.SHA256, sign.Program(false))).Certificates())[0]
		if h.says != c.want || h.issues != c.issues {
			t.Errorf("%s: %+v, issues %v", name, h.says, h.issues)
		}
	}
}
