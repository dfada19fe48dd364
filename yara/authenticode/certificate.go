package authenticode

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"time"
)

const (
	maxSerial   = 20 // bytes
	oidKeyID    = "2.5.29.14"
	oidIssuerID = "2.5.29.35"

	oidKeyUsage    = "2.5.29.15"
	oidPurposes    = "2.5.29.37"
	oidConstraints = "2.5.29.19"
)

// Certificate is one certificate of a signature.
type Certificate struct {
	raw                  []byte
	issuer, subject      name
	subjectID, authority []byte // key identifiers, or nil
	serial               []byte
	rawSerial            []byte
	key                  []byte // SubjectPublicKeyInfo
	signed, signature    []byte // what the issuer signed, and the signature
	sameAlgorithm        bool   // it is named alike inside and outside of what is signed
	extensions           map[string][]byte
	version              int64
	algorithm            string
	notBefore, notAfter  int64
	beginKnown, endKnown bool
}

// Thumbprint is the SHA-1 of the certificate in lower-case hexadecimal.
func (c *Certificate) Thumbprint() string {
	sum := sha1.Sum(c.raw)
	return hex.EncodeToString(sum[:])
}

// Issuer is who signed the certificate, as /C=US/O=Example.
func (c *Certificate) Issuer() string { return oneLine(c.issuer.raw) }

// Subject is whom the certificate is for.
func (c *Certificate) Subject() string { return oneLine(c.subject.raw) }

// Version is 3 for nearly all certificates.
func (c *Certificate) Version() int64 { return c.version }

// Algorithm is the name of the algorithm of the issuer's signature.
func (c *Certificate) Algorithm() string { return algorithmName(c.algorithm) }

// AlgorithmOID is its identifier, as 1.2.840.113549.1.1.11.
func (c *Certificate) AlgorithmOID() string { return c.algorithm }

// Serial is the serial number as 0a:1b:2c; ok is false for one that is longer
// than the standard allows.
func (c *Certificate) Serial() (serial string, ok bool) {
	if len(c.serial) == 0 || len(c.serial) > maxSerial {
		return "", false
	}
	out := make([]byte, 0, 3*len(c.serial))
	for i, b := range c.serial {
		if i > 0 {
			out = append(out, ':')
		}
		out = hex.AppendEncode(out, []byte{b})
	}
	return string(out), true
}

// NotBefore is when the certificate begins to hold, in seconds of Unix time; ok
// is false when that cannot be read.
func (c *Certificate) NotBefore() (seconds int64, ok bool) { return c.notBefore, c.beginKnown }

// NotAfter is when the certificate ends, as NotBefore.
func (c *Certificate) NotAfter() (seconds int64, ok bool) { return c.notAfter, c.endKnown }

// parseCertificate reads what the module shows of a certificate. As in OpenSSL,
// one wrong element anywhere makes it no certificate.
func parseCertificate(e element) (*Certificate, bool) {
	c := &Certificate{raw: e.raw, version: 1}
	outer := &reader{rest: e.body, bad: e.tag != tagSequence}
	tbs := outer.take(tagSequence)
	body := &reader{rest: tbs.body, bad: outer.bad}
	c.algorithm, _ = outer.algorithm()
	signature := outer.bits()
	outer.end()
	if v, ok := body.maybe(tagContext0); ok {
		in := reader{rest: v.body}
		c.version = 1 + integer(in.take(tagInteger).body)
		body.bad = body.bad || in.bad
	}
	c.rawSerial = body.take(tagInteger).body
	c.serial = minimal(c.rawSerial)
	again, _ := body.algorithm()
	c.sameAlgorithm = again == c.algorithm
	c.issuer = body.name()
	c.readValidity(body)
	c.subject = body.name()
	key := body.take(tagSequence)
	c.key = key.raw
	body.maybe(tagPrimitive1)
	body.maybe(tagPrimitive2)
	if extensions, ok := body.maybe(tagContext3); ok {
		c.readExtensions(body, extensions.body)
	}
	body.end()
	info := &reader{rest: key.body}
	info.algorithm()
	info.bits()
	info.end()
	if outer.bad || body.bad || info.bad {
		return nil, false
	}
	c.signed, c.signature = tbs.raw, signature[1:]
	return c, true
}

func (c *Certificate) readValidity(body *reader) {
	times := body.inside(tagSequence)
	from, to := times.any(), times.any()
	times.end()
	for _, t := range []element{from, to} {
		body.bad = body.bad || times.bad || (t.tag != tagUTCTime && t.tag != tagTime)
	}
	c.notBefore, c.beginKnown = moment(from)
	c.notAfter, c.endKnown = moment(to)
}

// readExtensions keeps those that matter and reads the two key identifiers,
// which help to tell issuers of the same name apart.
func (c *Certificate) readExtensions(body *reader, in []byte) {
	list := (&reader{rest: in}).inside(tagSequence)
	c.extensions = map[string][]byte{}
	for list.more() {
		one := list.inside(tagSequence)
		oid := one.oid()
		one.maybe(tagBoolean) // critical
		value := reader{rest: one.take(tagOctetString).body}
		one.end()
		list.bad = list.bad || one.bad
		switch oid {
		case oidKeyID:
			c.subjectID = value.take(tagOctetString).body
		case oidIssuerID:
			id, _ := value.inside(tagSequence).maybe(tagPrimitive0)
			c.authority = id.body
		case oidKeyUsage, oidPurposes, oidConstraints:
			c.extensions[oid] = value.rest
		}
	}
	body.bad = body.bad || list.bad
}

// integer reads a small number; large ones come out as 0.
func integer(b []byte) int64 {
	if len(b) == 0 || len(b) > 4 {
		return 0
	}
	v := int64(int8(b[0]))
	for _, c := range b[1:] {
		v = v<<8 | int64(c)
	}
	return v
}

// minimal drops bytes in front that only repeat the sign.
func minimal(b []byte) []byte {
	for len(b) > 1 && (b[0] == 0 && b[1] < 0x80 || b[0] == 0xff && b[1] >= 0x80) {
		b = b[1:]
	}
	return b
}

// moment reads a UTCTime (years 1950 to 2049) or a GeneralizedTime, both in
// UTC or with an offset, as seconds of Unix time.
func moment(e element) (int64, bool) {
	s := string(e.body)
	layouts := []string{"20060102150405Z0700", "200601021504Z0700", "20060102150405.999Z0700"}
	switch e.tag {
	case tagUTCTime:
		if len(s) < 2 {
			return 0, false
		}
		if s[0] >= '5' {
			s = "19" + s
		} else {
			s = "20" + s
		}
	case tagTime:
	default:
		return 0, false
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Unix(), true
		}
	}
	return 0, false
}

// chain begins with a certificate and goes on to issuers among the others, as
// far as there are any.
func chain(from *Certificate, others []*Certificate) []*Certificate {
	if from == nil {
		return nil
	}
	out := []*Certificate{from}
	for len(out) <= maxChain && !from.selfIssued() {
		from = from.issuerAmong(others, out)
		if from == nil {
			break
		}
		out = append(out, from)
	}
	return out
}

func (c *Certificate) selfIssued() bool { return c.issuedBy(c) }

func (c *Certificate) issuedBy(by *Certificate) bool {
	if !c.issuer.same(&by.subject) {
		return false
	}
	return len(c.authority) == 0 || len(by.subjectID) == 0 || bytes.Equal(c.authority, by.subjectID)
}

func (c *Certificate) issuerAmong(list, used []*Certificate) *Certificate {
	for _, by := range list {
		if c.issuedBy(by) && !contains(used, by) {
			return by
		}
	}
	return nil
}

func contains(list []*Certificate, c *Certificate) bool {
	for _, have := range list {
		if have == c || bytes.Equal(have.raw, c.raw) {
			return true
		}
	}
	return false
}
