package authenticode

import "bytes"

// Object identifiers of PKCS #7, PKCS #9 and Microsoft's contents.
const (
	oidSignedData    = "1.2.840.113549.1.7.2"
	oidContentType   = "1.2.840.113549.1.9.3"
	oidMessageDigest = "1.2.840.113549.1.9.4"
	oidSigningTime   = "1.2.840.113549.1.9.5"
	oidCounterSign   = "1.2.840.113549.1.9.6"
	oidTSTInfo       = "1.2.840.113549.1.9.16.1.4"
	oidIndirectData  = "1.3.6.1.4.1.311.2.1.4"
	oidPEImage       = "1.3.6.1.4.1.311.2.1.15"
	oidOpusInfo      = "1.3.6.1.4.1.311.2.1.12"
	oidNested        = "1.3.6.1.4.1.311.2.4.1"
	oidMSCounterSign = "1.3.6.1.4.1.311.3.3.1"
)

// Caps on what one file may make us read.
const (
	maxCertificates = 128 // of one signature
	maxChain        = 32
	maxValues       = 16 // of one attribute
	maxSignatures   = 64 // of one file, with those inside others
	maxNesting      = 8
)

// signedData is PKCS #7 SignedData.
type signedData struct {
	version     int64
	digests     []string // algorithms announced
	contentType string
	content     element // what [0] holds; no tag when it is missing
	certs       []*Certificate
	signer      *signerInfo // the first; nil when there is none
}

// signerInfo is PKCS #7 SignerInfo.
type signerInfo struct {
	issuer          name
	serial          []byte
	digestAlgorithm string
	attributes      element // [0], authenticated
	unsigned        []byte  // contents of [1]
	encryption      string
	parameters      element
	encrypted       []byte
}

// parseMessage reads a message that must be SignedData; nil means that it is
// broken or something else. With cms, of RFC 5652, certificates of other kinds
// may stand among those of X.509; they are passed over.
func parseMessage(in []byte, cms bool) *signedData {
	if d, whole := readMessage(in, cms); whole {
		return d
	}
	return nil
}

// readMessage reads as much of SignedData as there is: nil means that it does
// not come to the certificates. It is whole when nothing in it is wrong.
func readMessage(in []byte, cms bool) (d *signedData, whole bool) {
	body := insideMessage(in)
	d = &signedData{version: integer(body.take(tagInteger).body)}
	algorithms := body.inside(tagSet)
	for algorithms.more() && len(d.digests) < maxValues {
		oid, _ := algorithms.algorithm()
		d.digests = append(d.digests, oid)
	}
	contents := body.inside(tagSequence)
	d.contentType = contents.oid()
	if wrapped, ok := contents.maybe(tagContext0); ok {
		in := reader{rest: wrapped.body}
		d.content = in.any()
		in.end()
		contents.bad = contents.bad || in.bad
	}
	contents.end()
	if body.bad || contents.bad || algorithms.bad {
		return nil, false
	}
	whole = true
	if certs, ok := body.maybe(tagContext0); ok {
		whole = d.readCertificates(certs.body, cms)
	}
	body.maybe(tagContext1) // revocation lists
	signers := body.inside(tagSet)
	body.end()
	if signers.more() {
		d.signer = parseSigner(signers.take(tagSequence).body)
		whole = whole && d.signer != nil
	}
	return d, whole && !body.bad
}

// insideMessage goes down to the contents of SignedData.
func insideMessage(in []byte) *reader {
	top := reader{rest: in}
	info := top.inside(tagSequence)
	oid := info.oid()
	wrapped := info.inside(tagContext0)
	body := wrapped.inside(tagSequence)
	info.end()
	wrapped.end()
	body.bad = body.bad || info.bad || wrapped.bad || oid != oidSignedData
	return body
}

// readCertificates keeps those it can read and reports whether it could all.
func (d *signedData) readCertificates(in []byte, cms bool) bool {
	list := reader{rest: in}
	broken := 0
	for list.more() && len(d.certs) < maxCertificates && broken < maxCertificates {
		e := list.any()
		if cms && !list.bad && e.tag != tagSequence {
			continue
		}
		if c, ok := parseCertificate(e); ok {
			d.certs = append(d.certs, c)
		} else {
			broken++
		}
	}
	return broken == 0
}

// parseSigner reads a SignerInfo; nil means that it is broken.
func parseSigner(in []byte) *signerInfo {
	r := reader{rest: in}
	s := &signerInfo{}
	r.take(tagInteger)
	id := r.inside(tagSequence)
	s.issuer = id.name()
	s.serial = minimal(id.take(tagInteger).body)
	id.end()
	s.digestAlgorithm, _ = r.algorithm()
	s.attributes, _ = r.maybe(tagContext0)
	s.encryption, s.parameters = r.algorithm()
	s.encrypted = r.take(tagOctetString).body
	if unsigned, ok := r.maybe(tagContext1); ok {
		s.unsigned = unsigned.body
	}
	r.end()
	if r.bad || id.bad || !goodAttributes(s.attributes.body) || !goodAttributes(s.unsigned) {
		return nil
	}
	return s
}

// goodAttributes checks that a list holds attributes and nothing else.
func goodAttributes(in []byte) bool {
	list := reader{rest: in}
	for list.more() {
		one := list.inside(tagSequence)
		one.oid()
		set := one.inside(tagSet)
		for set.more() {
			set.any()
		}
		one.end()
		list.bad = list.bad || one.bad || set.bad
	}
	return !list.bad
}

// certificate finds the signer's own among a signature's certificates.
func (s *signerInfo) certificate(list []*Certificate) *Certificate {
	for _, c := range list {
		if bytes.Equal(c.serial, s.serial) && s.issuer.same(&c.issuer) {
			return c
		}
	}
	return nil
}

// signedValue is the first value of an authenticated attribute.
func (s *signerInfo) signedValue(oid string) (element, bool) {
	for _, e := range values(s.attributes.body, oid) {
		return e, true
	}
	return element{}, false
}

// values lists the values of the first attribute with this identifier.
func values(attributes []byte, oid string) []element {
	list := reader{rest: attributes}
	for list.more() {
		one := list.inside(tagSequence)
		if one.oid() != oid || one.bad {
			continue
		}
		var out []element
		set := one.inside(tagSet)
		for set.more() && len(out) < maxValues {
			if e := set.any(); !set.bad {
				out = append(out, e)
			}
		}
		return out
	}
	return nil
}

// digestOf reads the digest an authenticated attribute claims for the content.
func (s *signerInfo) digestOf() ([]byte, bool) {
	e, ok := s.signedValue(oidMessageDigest)
	if !ok || e.tag != tagOctetString {
		return nil, false
	}
	return e.body, true
}
