package clamav

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"hash"

	"vitrine/internal/engine/clamav/digests"
	"vitrine/internal/engine/clamav/object"
	"vitrine/yara/authenticode"
)

// sum is a digest and how it is called.
type sum struct {
	label string
	bytes []byte
}

// hashStep is how many bytes are hashed between two looks at the context.
const hashStep = 1 << 20

// sums computes the digests of some kinds.
func sums(ctx context.Context, kinds digests.Kinds, data []byte) ([]sum, error) {
	var out []sum
	for _, k := range []struct {
		kind  digests.Kinds
		label string
		make  func() hash.Hash
	}{{digests.MD5, "md5:", md5.New}, {digests.SHA1, "sha1:", sha1.New}, {digests.SHA256, "sha256:", sha256.New}} {
		if kinds&k.kind == 0 {
			continue
		}
		h := k.make()
		for rest := data; len(rest) > 0; {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			n := min(len(rest), hashStep)
			h.Write(rest[:n])
			rest = rest[n:]
		}
		out = append(out, sum{k.label, h.Sum(nil)})
	}
	return out, nil
}

// whole looks up what holds of an object as a whole: its digests and who signed
// it. One that is listed as a false positive has no findings, one that a
// trusted holder signed is looked at no further.
func (s *Scanner) whole(ctx context.Context, data []byte, l object.Layout) error {
	size := int64(len(data))
	if size == 0 {
		return nil
	}
	all, err := sums(ctx, s.db.trusted.Needs(size)|s.db.objects.Needs(size), data)
	if err != nil {
		return err
	}
	for _, d := range all {
		s.db.trusted.Lookup(d.bytes, size, func(name string) {
			s.result.Trusted = s.result.Trusted || !s.db.ignored[name]
		})
	}
	if s.result.Trusted {
		return nil
	}
	s.signer(ctx, data, l)
	if s.result.Trusted {
		return ctx.Err()
	}
	for _, d := range all {
		s.lookup(s.db.objects, d, size)
	}
	return ctx.Err()
}

// signer holds the certificates of a program against those that are listed.
func (s *Scanner) signer(ctx context.Context, data []byte, l object.Layout) {
	if s.db.certs.Len() == 0 || l.Certificates.Size == 0 {
		return
	}
	signature := authenticode.Outer(authenticode.File{
		Data: data, NT: l.NT, Wide: l.Wide, At: l.Certificates.Offset, Size: l.Certificates.Size,
		Stop: func() bool { return ctx.Err() != nil },
	})
	if signature == nil {
		return
	}
	var now int64
	if s.db.now != nil {
		now = s.db.now().Unix()
	}
	verdict := s.db.certs.Check(signature, now)
	for _, name := range verdict.Blocked {
		s.found(Finding{Name: name})
	}
	s.result.Trusted = verdict.Trusted
}

func (s *Scanner) lookup(set *digests.Set, d sum, size int64) {
	set.Lookup(d.bytes, size, func(name string) {
		s.found(Finding{Name: name, Digest: d.label + hex.EncodeToString(d.bytes)})
	})
}

// sections looks up the sections of a PE file.
func (s *Scanner) sections(ctx context.Context, data []byte, l object.Layout) error {
	for _, section := range l.Sections {
		begin, end := section.Offset, section.Offset+section.Size
		if section.Size == 0 || begin < 0 || end > int64(len(data)) {
			continue
		}
		all, err := sums(ctx, s.db.sections.Needs(section.Size), data[begin:end])
		if err != nil {
			return err
		}
		for _, d := range all {
			s.lookup(s.db.sections, d, section.Size)
		}
	}
	return nil
}
