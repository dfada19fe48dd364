package authenticode

// Countersignature is a time stamp: a statement that the signature existed at
// a time.
type Countersignature struct {
	algorithm string
	digest    []byte
	signTime  int64
	chain     []*Certificate
	verify    func() bool
	verdict   *bool
}

// DigestAlgorithm is the name of the algorithm; ok is false when the time stamp
// cannot be read so far.
func (c *Countersignature) DigestAlgorithm() (name string, ok bool) {
	return algorithmName(c.algorithm), c.algorithm != ""
}

// Digest is the digest of the signature that was stamped, or nil.
func (c *Countersignature) Digest() []byte { return c.digest }

// SignTime is the time of the stamp in seconds of Unix time, 0 if unknown.
func (c *Countersignature) SignTime() int64 { return c.signTime }

// Chain is the certificate of the stamp's key and its issuers.
func (c *Countersignature) Chain() []*Certificate { return c.chain }

// Verified reports whether the stamp is for this signature and was made with
// the key of its certificate.
func (c *Countersignature) Verified() bool {
	if c.verdict == nil {
		v := c.verify != nil && c.verify()
		c.verdict = &v
	}
	return *c.verdict
}

func (s *Signature) readCountersignatures() {
	s.readOldStamps()
	for _, v := range values(s.signer.unsigned, oidMSCounterSign) {
		c, certs := s.rfc3161(v)
		s.counters = append(s.counters, c)
		s.certs = append(s.certs[:len(s.certs):len(s.certs)], certs...)
	}
}

func (s *Signature) readOldStamps() {
	for _, v := range values(s.signer.unsigned, oidCounterSign) {
		s.counters = append(s.counters, s.pkcs9(v))
	}
}

// pkcs9 reads the older form: another signer of the signature's value, whose
// certificates are among those of the signature.
func (s *Signature) pkcs9(v element) *Countersignature {
	c := &Countersignature{}
	if v.tag != tagSequence {
		return c
	}
	signer := parseSigner(v.body)
	if signer == nil {
		return c
	}
	c.algorithm = signer.digestAlgorithm
	when, ok := signer.signedValue(oidSigningTime)
	if !ok {
		return c
	}
	c.signTime, _ = moment(when)
	own := signer.certificate(s.signed.certs)
	if own == nil {
		return c
	}
	c.chain = chain(own, s.signed.certs)
	c.digest, _ = signer.digestOf()
	c.verify = func() bool { return signer.verifies(own, s.signer.encrypted) }
	return c
}

// timeStamp is what TSTInfo of RFC 3161 says.
type timeStamp struct {
	version   int64
	algorithm string
	imprint   []byte
	time      int64
}

func parseTimeStamp(in []byte) (t timeStamp, ok bool) {
	r := (&reader{rest: in}).inside(tagSequence)
	t.version = integer(r.take(tagInteger).body)
	r.oid() // policy
	imprint := r.inside(tagSequence)
	t.algorithm, _ = imprint.algorithm()
	t.imprint = imprint.take(tagOctetString).body
	r.take(tagInteger) // serial number
	t.time, _ = moment(r.take(tagTime))
	return t, !r.bad && !imprint.bad
}

// rfc3161 reads the newer form: a message of a time stamp server with
// certificates of its own, which are given back.
func (s *Signature) rfc3161(v element) (*Countersignature, []*Certificate) {
	c := &Countersignature{}
	data := parseMessage(v.raw, true)
	if data == nil || data.contentType != oidTSTInfo || data.content.tag != tagOctetString {
		return c, nil
	}
	info, ok := parseTimeStamp(data.content.body)
	if !ok {
		return c, nil
	}
	c.signTime = info.time
	if data.signer == nil {
		return c, nil
	}
	own := data.signer.certificate(data.certs)
	if own == nil {
		return c, nil
	}
	c.chain = chain(own, data.certs)
	c.algorithm, c.digest = info.algorithm, info.imprint
	c.verify = func() bool {
		return info.version == 1 && equalDigest(info.imprint, sum(info.algorithm, s.signer.encrypted)) &&
			data.listed(data.signer.digestAlgorithm) && data.signer.verifies(own, data.content.body)
	}
	return c, data.certs
}
