// Package certstest writes lines of .crb files for tests, and signs programs
// for them to judge.
package certstest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"math/big"
	"time"

	"vitrine/yara/authenticode/authenticodetest"
)

// Line is a line that trusts or blocks a certificate; it holds for all of its
// subject and key, or with serial for this one only. marks are the three of
// what it may sign: code, time stamps and certificates, as "1;0;1".
func Line(name string, trusted bool, c *x509.Certificate, serial bool, marks string) string {
	trust, number := 0, ""
	if trusted {
		trust = 1
	}
	if serial {
		der, err := asn1.Marshal(c.SerialNumber)
		if err != nil {
			panic(err)
		}
		number = printOf(der)
	}
	key := hex.EncodeToString(c.PublicKey.(*rsa.PublicKey).N.Bytes())
	return fmt.Sprintf("%s;%d;%s;%s;%s;010001;%s;0;test\n", name, trust, printOf(c.RawSubject), number, key, marks)
}

// printOf is the digest of an element without its header.
func printOf(der []byte) string {
	var v asn1.RawValue
	if _, err := asn1.Unmarshal(der, &v); err != nil {
		panic(err)
	}
	return fmt.Sprintf("%x", sha1.Sum(v.Bytes))
}

// LastYear is a time that clamscan can read as the end of a certificate; the
// years from 2050 on it misreads.
func LastYear() time.Time { return time.Date(2045, 1, 1, 0, 0, 0, 0, time.UTC) }

// Signed signs a program with a certificate that signed itself.
func Signed(program []byte) (signed []byte, by *x509.Certificate) {
	who := authenticodetest.Issue(nil, authenticodetest.RSAKey(), x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Example Signer"}, NotAfter: LastYear(),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	})
	return authenticodetest.Attach(program, authenticodetest.Signing(who, crypto.SHA256, program).Bytes()), who.Parsed
}
