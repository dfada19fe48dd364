package authenticode

import (
	"bytes"
	"encoding/binary"
)

// File is the executable and where its signatures are: the security directory
// of its optional header, with an offset in the file.
type File struct {
	Data     []byte
	NT       int64 // offset of the NT header
	Wide     bool  // a 64-bit image
	At, Size int64
	// Stop is asked now and then whether to give up; nil means never.
	Stop func() bool

	digests map[string][]byte
}

// Signature is one signature. Its parts are what the file says; only Verified
// judges.
type Signature struct {
	file      *File
	signed    *signedData
	signer    *signerInfo
	strict    bool   // as Outer promises
	kind      string // of what the digest is of
	algorithm string // of the file's digest
	digest    []byte
	hasSigner bool
	own       *Certificate
	certs     []*Certificate
	chain     []*Certificate
	counters  []*Countersignature
	verdict   *bool
}

const certificateHeader = 8

// Parse reads the signatures, those inside others after the one that holds
// them. What is no signature at all is left out, as libyara does.
func Parse(f File) []*Signature {
	n := int64(len(f.Data))
	if f.At <= 0 || f.At > n || f.Size > n || f.Size < certificateHeader || f.At+certificateHeader > n {
		return nil
	}
	length := int64(binary.LittleEndian.Uint32(f.Data[f.At:]))
	if length <= certificateHeader || length > n-f.At {
		return nil
	}
	p := parser{file: &f}
	p.message(f.Data[f.At+certificateHeader:f.At+length], 0)
	return p.out
}

type parser struct {
	file *File
	out  []*Signature
}

// message reads one PKCS #7 message and the ones nested in it.
func (p *parser) message(in []byte, depth int) {
	data := parseMessage(in, false)
	if data == nil || len(p.out) >= maxSignatures || depth > maxNesting {
		return
	}
	s := &Signature{file: p.file, signed: data, certs: data.certs}
	if !s.readIndirectData() {
		p.out = append(p.out, s) // with nothing but its certificates
		return
	}
	s.hasSigner = true
	if s.signer = data.signer; s.signer != nil {
		s.own = s.signer.certificate(data.certs)
		s.chain = chain(s.own, data.certs)
		s.readCountersignatures()
	}
	if s.counts() {
		p.out = append(p.out, s)
	}
	if s.signer == nil {
		return
	}
	for _, nested := range values(s.signer.unsigned, oidNested) {
		p.message(nested.raw, depth+1)
	}
}

// counts reports whether libyara shows the signature: one without the signer's
// certificate only when the file has another digest.
func (s *Signature) counts() bool {
	if s.own != nil {
		return true
	}
	have := s.FileDigest()
	return have != nil && !bytes.Equal(have, s.digest)
}

// readIndirectData reads which digest the file must have, and reports whether
// the signature is one of a file at all.
func (s *Signature) readIndirectData() bool {
	if s.signed.contentType != oidIndirectData || s.signed.content.tag != tagSequence {
		return false
	}
	r := reader{rest: s.signed.content.body}
	kind := r.inside(tagSequence)
	s.kind = kind.oid()
	info := r.inside(tagSequence)
	s.algorithm, _ = info.algorithm()
	s.digest = info.take(tagOctetString).body
	info.end()
	r.end()
	return !kind.bad && !info.bad && !r.bad
}

// DigestAlgorithm is the name of the algorithm of the file's digest; ok is
// false for a signature of something else than a file.
func (s *Signature) DigestAlgorithm() (name string, ok bool) {
	return algorithmName(s.algorithm), s.algorithm != ""
}

// Digest is the digest the signature was made for, or nil.
func (s *Signature) Digest() []byte { return s.digest }

// FileDigest is the digest the file has, or nil when it cannot be computed.
func (s *Signature) FileDigest() []byte {
	if len(s.digest) == 0 {
		return nil
	}
	return s.file.digest(s.algorithm)
}

// Certificates are all that the signature carries, also for its time stamps.
func (s *Signature) Certificates() []*Certificate { return s.certs }

// Signer is the certificate of the signing key, or nil.
func (s *Signature) Signer() *Certificate { return s.own }

// HasSigner reports whether the signature is one of a file, which has a signer.
func (s *Signature) HasSigner() bool { return s.hasSigner }

// Chain is the signer's certificate and its issuers as far as they are there.
func (s *Signature) Chain() []*Certificate { return s.chain }

// Countersignatures are the time stamps.
func (s *Signature) Countersignatures() []*Countersignature { return s.counters }

// SignerDigest is the digest of the signed content and the name of its
// algorithm; ok is false when the signer claims none.
func (s *Signature) SignerDigest() (name string, digest []byte, ok bool) {
	if s.own == nil {
		return "", nil, false
	}
	digest, ok = s.signer.digestOf()
	return algorithmName(s.signer.digestAlgorithm), digest, ok
}

// Verified reports whether the file has the digest that was signed and the
// signature over it was made with the key of the signer's certificate. Who that
// is and whether to trust the issuers is not asked.
func (s *Signature) Verified() bool {
	if s.verdict == nil {
		v := s.verify()
		s.verdict = &v
	}
	return *s.verdict
}

func (s *Signature) verify() bool {
	if s.own == nil || len(s.digest) == 0 || !s.signed.listed(s.signer.digestAlgorithm) || !equalDigest(s.digest, s.FileDigest()) {
		return false
	}
	if s.strict && !s.ofProgram() {
		return false
	}
	// Version 1 signs the contents of the sequence, later ones all of it.
	content := s.signed.content.raw
	if s.signed.version == 1 {
		content = s.signed.content.body
	}
	return s.signer.verifies(s.own, content)
}

// ProgramName is the name the signer gave the program, or empty.
func (s *Signature) ProgramName() (string, bool) {
	if s.own == nil {
		return "", false
	}
	value, ok := s.signer.signedValue(oidOpusInfo)
	if !ok || value.tag != tagSequence {
		return "", false
	}
	in := reader{rest: value.body}
	name, ok := in.maybe(tagContext0)
	if !ok {
		return "", false
	}
	text, _, ok := next(name.body)
	switch {
	case !ok:
		return "", false
	case text.tag == tagPrimitive0:
		return fromUTF16(text.body), true
	case text.tag == tagPrimitive1:
		return fromLatin1(text.body), true
	}
	return "", false
}
