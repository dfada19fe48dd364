package certs

import (
	"crypto/rsa"

	"vitrine/yara/authenticode"
)

// Verdict is what the list says of a signature.
type Verdict struct {
	Blocked []string // names of entries that block certificates it carries, each once
	// Trusted is that the program is as it was signed, by the holder of a
	// certificate that goes back to a trusted one, while it was valid.
	Trusted bool
}

// maxVerifications is how many signatures of certificates are checked for one
// program.
const maxVerifications = 256

// Check judges the signature of a program. now is the time in seconds of Unix
// time; while it is 0 a signature without a time stamp is not trusted. Nothing
// that is blocked is trusted.
func (l *List) Check(s *authenticode.Signature, now int64) Verdict {
	c := &check{list: l, holders: holders(s.Certificates()), left: maxVerifications}
	v := Verdict{Blocked: c.blocked()}
	v.Trusted = len(v.Blocked) == 0 && len(l.trusted) > 0 && c.trusts(s, now)
	return v
}

// check is the judgement of one signature.
type check struct {
	list    *List
	holders []*holder
	left    int // verifications
}

// blocked names the blocked certificates. That one is carried is enough:
// whatever else the signature is, it was made to look like its holder's.
func (c *check) blocked() []string {
	var names []string
	seen := map[string]bool{}
	for _, h := range c.holders {
		if e := c.list.block(h.subject, h.serial, h.key.N); e != nil && !seen[e.Name] {
			seen[e.Name] = true
			names = append(names, e.Name)
		}
	}
	return names
}

func (c *check) trusts(s *authenticode.Signature, now int64) bool {
	c.spread()
	signer := c.holder(s.Signer())
	return signer != nil && signer.trusted && signer.granted.code && s.Verified() && c.inTime(s, signer, now)
}

// holder finds the holder of a certificate; nil: it is none that can be judged.
func (c *check) holder(cert *authenticode.Certificate) *holder {
	for _, h := range c.holders {
		if h.cert == cert {
			return h
		}
	}
	return nil
}

// inTime reports whether the signer's certificate was valid: when the signature
// was stamped, or now if it was not. Stamps must hold.
func (c *check) inTime(s *authenticode.Signature, signer *holder, now int64) bool {
	stamps := s.Countersignatures()
	for _, stamp := range stamps {
		if len(stamp.Chain()) == 0 {
			return false
		}
		by, when := c.holder(stamp.Chain()[0]), stamp.SignTime()
		if by == nil || !by.trusted || !by.granted.time || when < signer.begin || when > signer.end || !stamp.Verified() {
			return false
		}
	}
	return len(stamps) > 0 || now != 0 && now >= signer.begin && now <= signer.end
}

// spread finds which certificates are trusted: those the list names, and those
// signed with the key of one that is, for what both may be used for.
func (c *check) spread() {
	var ready []*holder
	for _, h := range c.holders {
		if c.entries(h) {
			ready = append(ready, h)
		}
	}
	for ; len(ready) > 0; ready = ready[1:] {
		by := ready[0]
		for _, h := range c.holders {
			if by.issues && h.issuer == by.subject && h.gains(by.granted) && c.verifies(h, by.key) {
				h.grant(by.granted)
				ready = append(ready, h)
			}
		}
	}
}

// entries trusts a certificate that an entry names or whose signer it names.
func (c *check) entries(h *holder) bool {
	for _, e := range c.list.trusted[h.subject] {
		if e.key.N.Cmp(h.key.N) == 0 && (e.anySerial || e.serial == h.serial) && h.says.within(e.uses) && h.begin >= e.notBefore {
			h.grant(h.says)
		}
	}
	for _, e := range c.list.trusted[h.issuer] {
		if e.uses.certs && h.gains(e.uses) && c.verifies(h, e.key) {
			h.grant(e.uses)
		}
	}
	return h.trusted
}

// verifies spends one verification.
func (c *check) verifies(h *holder, key *rsa.PublicKey) bool {
	if c.left == 0 {
		return false
	}
	c.left--
	return h.cert.SignedWith(key)
}
