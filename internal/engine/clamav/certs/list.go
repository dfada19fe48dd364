package certs

import "math/big"

// List is what is blocked and what is trusted. It is immutable and safe for
// concurrent use.
type List struct {
	blocked, trusted map[Print][]Entry // by subject
	count            int
}

// NewList makes a List. Of blocked entries that fit one certificate the last
// names it, as in ClamAV, which drops those that a former one covers.
func NewList(entries []Entry) *List {
	l := &List{blocked: map[Print][]Entry{}, trusted: map[Print][]Entry{}, count: len(entries)}
	for _, e := range entries {
		switch {
		case e.Trusted:
			l.trusted[e.subject] = append(l.trusted[e.subject], e)
		case l.block(e.subject, e.serial, e.key.N) == nil:
			l.blocked[e.subject] = append(l.blocked[e.subject], e)
		}
	}
	return l
}

// Len is the number of entries.
func (l *List) Len() int { return l.count }

// block gives the entry that blocks a certificate, or nil.
func (l *List) block(subject, serial Print, n *big.Int) *Entry {
	list := l.blocked[subject]
	for i := len(list) - 1; i >= 0; i-- {
		if e := &list[i]; e.key.N.Cmp(n) == 0 && (e.anySerial || e.serial == serial) {
			return e
		}
	}
	return nil
}
