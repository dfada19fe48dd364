package authenticode_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"math/big"
	"time"
)

// identity is a key with its certificate and the issuer's.
type identity struct {
	key    crypto.Signer
	cert   []byte
	issuer []byte // certificate, may be the same
	parsed *x509.Certificate
}

var (
	begin = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	end   = time.Date(2051, 1, 1, 0, 0, 0, 0, time.UTC) // past the years of UTCTime
	stamp = time.Date(2021, 5, 6, 7, 8, 9, 0, time.UTC)
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func rsaIdentity(issuer string) *identity {
	return newIdentity(issuer, must(rsa.GenerateKey(rand.Reader, 1024)))
}

func ecIdentity() *identity {
	return newIdentity("Root", must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))
}

// newIdentity makes a root and a certificate under it.
func newIdentity(issuer string, key crypto.Signer) *identity {
	rootKey := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: issuer}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: begin, NotAfter: end, SubjectKeyId: []byte{1, 2, 3},
	}
	rootDER := must(x509.CreateCertificate(rand.Reader, root, root, rootKey.Public(), rootKey))
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(0x7fab01), NotBefore: begin, NotAfter: end,
		Subject: pkix.Name{Country: []string{"DE"}, Organization: []string{"Söhne / Co + KG"}, CommonName: "Signer"},
	}
	leafDER := must(x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), rootKey))
	return &identity{key: key, cert: leafDER, issuer: rootDER, parsed: must(x509.ParseCertificate(leafDER))}
}

// tlv writes an element.
func tlv(tag byte, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	out := []byte{tag}
	if n := len(body); n < 0x80 {
		out = append(out, byte(n))
	} else {
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(out, body...)
}

func oid(v ...int) []byte { return must(asn1.Marshal(asn1.ObjectIdentifier(v))) }

func number(n int64) []byte { return must(asn1.Marshal(n)) }

func algorithm(id []byte) []byte { return tlv(0x30, id, []byte{5, 0}) }

func digestID(h crypto.Hash) []byte {
	switch h {
	case crypto.SHA1:
		return oid(1, 3, 14, 3, 2, 26)
	case crypto.SHA384:
		return oid(2, 16, 840, 1, 101, 3, 4, 2, 2)
	}
	return oid(2, 16, 840, 1, 101, 3, 4, 2, 1)
}

func hashed(h crypto.Hash, parts ...[]byte) []byte {
	d := h.New()
	for _, p := range parts {
		d.Write(p)
	}
	return d.Sum(nil)
}

// message is what goes into one PKCS #7 message.
type message struct {
	who         *identity
	hash        crypto.Hash
	contentType []byte
	content     []byte   // the element, as it stands in [0]
	signed      []byte   // the bytes whose digest is claimed
	attributes  [][]byte // more signed attributes
	certs       [][]byte // nil means the identity's two
	unsigned    func(value []byte) [][]byte
	noSigner    bool
}

func attribute(id []byte, values ...[]byte) []byte { return tlv(0x30, id, tlv(0x31, values...)) }

// signerInfo gives the SignerInfo and the value of its signature.
func (m *message) signerInfo() (info, value []byte) {
	list := [][]byte{attribute(oid(1, 2, 840, 113549, 1, 9, 4), tlv(4, hashed(m.hash, m.signed)))}
	list = append(list, m.attributes...)
	digest := hashed(m.hash, tlv(0x31, list...))
	value = must(m.who.key.Sign(rand.Reader, digest, m.hash))
	encryption := oid(1, 2, 840, 113549, 1, 1, 1)
	if _, ok := m.who.key.(*ecdsa.PrivateKey); ok {
		encryption = oid(1, 2, 840, 10045, 4, 3, 2)
	}
	var unsigned []byte
	if m.unsigned != nil {
		unsigned = tlv(0xa1, m.unsigned(value)...)
	}
	serial := must(asn1.Marshal(m.who.parsed.SerialNumber))
	info = tlv(0x30, number(1), tlv(0x30, m.who.parsed.RawIssuer, serial), algorithm(digestID(m.hash)),
		tlv(0xa0, list...), algorithm(encryption), tlv(4, value), unsigned)
	return info, value
}

func (m *message) bytes() []byte {
	certs := m.certs
	if certs == nil {
		certs = [][]byte{m.who.cert, m.who.issuer}
	}
	var signers []byte
	if !m.noSigner {
		signers, _ = m.signerInfo()
	}
	return tlv(0x30, oid(1, 2, 840, 113549, 1, 7, 2), tlv(0xa0, tlv(0x30,
		number(1), tlv(0x31, algorithm(digestID(m.hash))), tlv(0x30, m.contentType, tlv(0xa0, m.content)),
		tlv(0xa0, certs...), tlv(0x31, signers))))
}

const ntAt = 0x40

// program is a PE file with nothing but headers and some bytes, without
// signatures.
func program(wide bool) []byte {
	out := make([]byte, 0x400)
	copy(out, "MZ")
	binary.LittleEndian.PutUint32(out[0x3c:], ntAt)
	copy(out[ntAt:], "PE\x00\x00")
	magic := uint16(0x10b)
	if wide {
		magic = 0x20b
	}
	binary.LittleEndian.PutUint16(out[ntAt+24:], magic)
	for i := 0x200; i < len(out); i++ {
		out[i] = byte(i * 7)
	}
	return out
}

func directoryAt(data []byte) int {
	if binary.LittleEndian.Uint16(data[ntAt+24:]) == 0x20b {
		return ntAt + 0xa8
	}
	return ntAt + 0x98
}

// fileDigest is the digest of a program without signatures.
func fileDigest(h crypto.Hash, data []byte) []byte {
	d := directoryAt(data)
	return hashed(h, data[:ntAt+0x58], data[ntAt+0x5c:d], data[d+8:])
}

// attach puts a message at the end of a program.
func attach(data, pkcs7 []byte) []byte {
	out := append([]byte{}, data...)
	d := directoryAt(out)
	binary.LittleEndian.PutUint32(out[d:], uint32(len(out)))
	binary.LittleEndian.PutUint32(out[d+4:], uint32(len(pkcs7)+8))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(pkcs7)+8))
	out = append(out, 0, 2, 2, 0)
	return append(out, pkcs7...)
}

// signing is the message that signs a program.
func signing(who *identity, h crypto.Hash, data []byte) *message {
	kind := tlv(0x30, oid(1, 3, 6, 1, 4, 1, 311, 2, 1, 15), tlv(0x30, []byte{3, 1, 0}))
	body := append(kind, tlv(0x30, algorithm(digestID(h)), tlv(4, fileDigest(h, data)))...)
	return &message{who: who, hash: h, contentType: oid(1, 3, 6, 1, 4, 1, 311, 2, 1, 4),
		content: tlv(0x30, body), signed: body}
}

// pkcs9 is a countersignature of a value, as an unsigned attribute.
func pkcs9(who *identity, value []byte) []byte {
	when := must(asn1.Marshal(stamp))
	m := &message{who: who, hash: crypto.SHA1, signed: value,
		attributes: [][]byte{attribute(oid(1, 2, 840, 113549, 1, 9, 5), when)}}
	info, _ := m.signerInfo()
	return attribute(oid(1, 2, 840, 113549, 1, 9, 6), info)
}

// rfc3161 is a time stamp over a value, as an unsigned attribute. The list of
// certificates has one of another kind in it, as Microsoft's have.
func rfc3161(who *identity, value []byte) []byte {
	info := tlv(0x30, number(1), oid(1, 2, 3), tlv(0x30, algorithm(digestID(crypto.SHA256)), tlv(4, hashed(crypto.SHA256, value))),
		number(77), tlv(0x18, []byte(stamp.Format("20060102150405.5Z"))))
	m := &message{who: who, hash: crypto.SHA256, contentType: oid(1, 2, 840, 113549, 1, 9, 16, 1, 4),
		content: tlv(4, info), signed: info, certs: [][]byte{who.cert, tlv(0xa1, number(1))}}
	return attribute(oid(1, 3, 6, 1, 4, 1, 311, 3, 3, 1), m.bytes())
}
