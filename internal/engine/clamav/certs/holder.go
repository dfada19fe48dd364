package certs

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha1"
	"slices"

	"vitrine/yara/authenticode"
)

// Purposes of an extended key usage.
const (
	purposeCode = "1.3.6.1.5.5.7.3.3"
	purposeTime = "1.3.6.1.5.5.7.3.8"
)

// Keys of other sizes are passed over, in bits.
const (
	minKey = 1024
	maxKey = 4096
)

const signsCertificates = 0x04 // in the first byte of a key usage

// holder is a certificate of a signature that can be judged.
type holder struct {
	cert                    *authenticode.Certificate
	key                     *rsa.PublicKey
	subject, issuer, serial Print
	begin, end              int64
	says                    uses // as the certificate has it
	issues                  bool // it may sign certificates, and is not said to be none that does
	trusted                 bool
	granted                 uses // by those who signed it; part of what it says
}

// holders reads the certificates of a signature, each once.
func holders(list []*authenticode.Certificate) []*holder {
	var out []*holder
	for _, c := range list {
		h, ok := newHolder(c)
		same := func(o *holder) bool { return bytes.Equal(o.cert.Raw(), c.Raw()) }
		if ok && !slices.ContainsFunc(out, same) {
			out = append(out, h)
		}
	}
	return out
}

func newHolder(c *authenticode.Certificate) (*holder, bool) {
	h := &holder{cert: c, subject: sha1.Sum(c.RawSubject()), issuer: sha1.Sum(c.RawIssuer()), serial: sha1.Sum(c.RawSerial())}
	var ok, begins, ends bool
	if h.key, ok = c.Key().(*rsa.PublicKey); !ok || h.key.N.BitLen() < minKey || h.key.N.BitLen() > maxKey {
		return nil, false
	}
	h.begin, begins = c.NotBefore()
	h.end, ends = c.NotAfter()
	return h, h.readUses() && begins && ends && h.begin < h.end
}

// readUses works out what the key may sign as ClamAV does: a certificate of
// the first version is good for time stamps and their issuers; one of the third
// is good for nothing without extensions, and with them for whatever they do
// not speak of. One that is said to be no issuer's issues nothing here, though
// to ClamAV it may for want of a key usage.
func (h *holder) readUses() bool {
	if h.cert.Version() == 1 {
		h.says, h.issues = uses{time: true, certs: true}, true
		return true
	}
	u, ok := h.cert.Uses()
	if !ok || h.cert.Version() != 3 || !u.Extensions {
		return ok && h.cert.Version() == 3
	}
	issuer := u.CA || !u.Constrained
	h.says.code = u.Purposes == nil || slices.Contains(u.Purposes, purposeCode)
	h.says.time = u.Purposes == nil || slices.Contains(u.Purposes, purposeTime)
	h.says.certs = u.KeyUsage == nil || len(u.KeyUsage) > 0 && u.KeyUsage[0]&signsCertificates != 0 && issuer
	h.issues = h.says.certs && issuer
	return true
}

// gains reports whether a signer with these uses would make anything of the
// certificate that it is not yet.
func (h *holder) gains(by uses) bool {
	return !h.trusted || by.code && h.says.code && !h.granted.code || by.time && h.says.time && !h.granted.time
}

func (h *holder) grant(by uses) {
	h.trusted = true
	h.granted.code = h.granted.code || by.code && h.says.code
	h.granted.time = h.granted.time || by.time && h.says.time
}
