package authenticodetest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/asn1"
)

// TLV writes an element.
func TLV(tag byte, parts ...[]byte) []byte {
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

// OID writes an object identifier.
func OID(v ...int) []byte { return must(asn1.Marshal(asn1.ObjectIdentifier(v))) }

// Number writes an integer.
func Number(n int64) []byte { return must(asn1.Marshal(n)) }

// Algorithm writes an AlgorithmIdentifier.
func Algorithm(id []byte) []byte { return TLV(0x30, id, []byte{5, 0}) }

// DigestID is the identifier of SHA-1, SHA-256 or SHA-384.
func DigestID(h crypto.Hash) []byte {
	switch h {
	case crypto.SHA1:
		return OID(1, 3, 14, 3, 2, 26)
	case crypto.SHA384:
		return OID(2, 16, 840, 1, 101, 3, 4, 2, 2)
	}
	return OID(2, 16, 840, 1, 101, 3, 4, 2, 1)
}

// Hashed digests the pieces.
func Hashed(h crypto.Hash, parts ...[]byte) []byte {
	d := h.New()
	for _, p := range parts {
		d.Write(p)
	}
	return d.Sum(nil)
}

// Message is what goes into one PKCS #7 message.
type Message struct {
	Who         *Identity
	Hash        crypto.Hash
	ContentType []byte
	Content     []byte   // the element, as it stands in [0]
	Signed      []byte   // the bytes whose digest is claimed
	Attributes  [][]byte // more signed attributes
	Certs       [][]byte // nil means the identity's two
	Unsigned    func(value []byte) [][]byte
	NoSigner    bool
}

// Attribute writes an attribute with its values.
func Attribute(id []byte, values ...[]byte) []byte { return TLV(0x30, id, TLV(0x31, values...)) }

// contentType is the signed attribute that names what is signed.
func contentType(id []byte) []byte { return Attribute(OID(1, 2, 840, 113549, 1, 9, 3), id) }

// signerInfo gives the SignerInfo of the message.
func (m *Message) signerInfo() []byte {
	list := [][]byte{Attribute(OID(1, 2, 840, 113549, 1, 9, 4), TLV(4, Hashed(m.Hash, m.Signed)))}
	list = append(list, m.Attributes...)
	digest := Hashed(m.Hash, TLV(0x31, list...))
	value := must(m.Who.Key.Sign(rand.Reader, digest, m.Hash))
	encryption := OID(1, 2, 840, 113549, 1, 1, 1)
	if _, ok := m.Who.Key.(*ecdsa.PrivateKey); ok {
		encryption = OID(1, 2, 840, 10045, 4, 3, 2)
	}
	var unsigned []byte
	if m.Unsigned != nil {
		unsigned = TLV(0xa1, m.Unsigned(value)...)
	}
	serial := must(asn1.Marshal(m.Who.Parsed.SerialNumber))
	return TLV(0x30, Number(1), TLV(0x30, m.Who.Parsed.RawIssuer, serial), Algorithm(DigestID(m.Hash)),
		TLV(0xa0, list...), Algorithm(encryption), TLV(4, value), unsigned)
}

// Bytes is the message as it stands in a file.
func (m *Message) Bytes() []byte {
	certs := m.Certs
	if certs == nil {
		certs = [][]byte{m.Who.Cert, m.Who.Issuer}
	}
	var signers []byte
	if !m.NoSigner {
		signers = m.signerInfo()
	}
	return TLV(0x30, OID(1, 2, 840, 113549, 1, 7, 2), TLV(0xa0, TLV(0x30,
		Number(1), TLV(0x31, Algorithm(DigestID(m.Hash))), TLV(0x30, m.ContentType, TLV(0xa0, m.Content)),
		TLV(0xa0, certs...), TLV(0x31, signers))))
}

// PKCS9 is a countersignature of a value, as an unsigned attribute.
func PKCS9(who *Identity, value []byte) []byte {
	when := must(asn1.Marshal(Stamp()))
	m := &Message{Who: who, Hash: crypto.SHA1, Signed: value, Attributes: [][]byte{
		contentType(OID(1, 2, 840, 113549, 1, 7, 1)), Attribute(OID(1, 2, 840, 113549, 1, 9, 5), when)}}
	return Attribute(OID(1, 2, 840, 113549, 1, 9, 6), m.signerInfo())
}

// RFC3161 is a time stamp over a value, as an unsigned attribute. The list of
// certificates has one of another kind in it, as Microsoft's have.
func RFC3161(who *Identity, value []byte) []byte {
	info := TLV(0x30, Number(1), OID(1, 2, 3), TLV(0x30, Algorithm(DigestID(crypto.SHA256)), TLV(4, Hashed(crypto.SHA256, value))),
		Number(77), TLV(0x18, []byte(Stamp().Format("20060102150405.5Z"))))
	m := &Message{Who: who, Hash: crypto.SHA256, ContentType: OID(1, 2, 840, 113549, 1, 9, 16, 1, 4),
		Content: TLV(4, info), Signed: info, Certs: [][]byte{who.Cert, TLV(0xa1, Number(1))}}
	return Attribute(OID(1, 3, 6, 1, 4, 1, 311, 3, 3, 1), m.Bytes())
}
