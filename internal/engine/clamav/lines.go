package clamav

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"vitrine/internal/engine/clamav/certs"
	"vitrine/internal/engine/clamav/digests"
	"vitrine/internal/engine/clamav/sigtext"
)

// anySizeLevel is the level from which on a digest may be listed for any size.
const anySizeLevel = 73

// listed is a parsed line of digest, size and name.
type listed struct {
	digest []byte
	size   uint32
	name   string
}

// parseListed reads digest:size:name, or size:digest:name, each with an
// optional lowest and highest level behind.
func parseListed(line string, sizeFirst bool) (listed, error) {
	f := strings.Split(line, ":")
	if len(f) < 3 || len(f) > 5 {
		return listed{}, fmt.Errorf("%d fields, expected 3 to 5", len(f))
	}
	if sizeFirst {
		f[0], f[1] = f[1], f[0]
	}
	lowest, err := sigtext.Levels(f[3:])
	if err != nil {
		return listed{}, err
	}
	e := listed{size: digests.AnySize, name: f[2]}
	if f[1] != "*" {
		size, err := strconv.ParseUint(f[1], 10, 32)
		if err != nil || size == 0 || uint32(size) == digests.AnySize {
			return listed{}, fmt.Errorf("size %q, expected a number or *", f[1])
		}
		e.size = uint32(size)
	} else if lowest < anySizeLevel {
		return listed{}, fmt.Errorf("a size of * needs a level of %d or more", anySizeLevel)
	}
	if e.digest, err = hex.DecodeString(f[0]); err != nil || digests.KindOf(len(e.digest)) == 0 {
		return listed{}, fmt.Errorf("digest of %d characters, expected MD5, SHA-1 or SHA-256 in hex", len(f[0]))
	}
	if e.name == "" {
		return listed{}, fmt.Errorf("the name is empty")
	}
	return e, nil
}

func (l *Loader) digest(b *digests.Builder, e *entry, sizeFirst bool) error {
	d, err := parseListed(e.text, sizeFirst)
	if err != nil {
		return err
	}
	if l.ignored.line(d.name, e.text) {
		return errIgnored
	}
	b.Add(d.digest, d.size, []byte(d.name))
	return nil
}

func (l *Loader) objectDigest(e *entry) error  { return l.digest(&l.objects, e, false) }
func (l *Loader) sectionDigest(e *entry) error { return l.digest(&l.sections, e, true) }
func (l *Loader) trustedDigest(e *entry) error { return l.digest(&l.trusted, e, false) }

func (l *Loader) plain(e *entry) error {
	s, err := sigtext.Plain(e.text)
	return l.body(e, s, err)
}

func (l *Loader) extended(e *entry) error {
	s, err := sigtext.Extended(e.text, l.macros)
	return l.body(e, s, err)
}

// logical puts signatures with macros off until every group is known.
func (l *Loader) logical(e *entry) error {
	if strings.Contains(e.text, ";${") {
		l.waiting = append(l.waiting, waiting{e.kind, e.file, e.line, e.text})
		return nil
	}
	s, err := sigtext.Logical(e.text, l.macros)
	return l.body(e, s, err)
}

// body keeps a translated signature. A nil one is part of others.
func (l *Loader) body(e *entry, s *sigtext.Signature, err error) error {
	if err != nil || s == nil {
		return err
	}
	if l.ignored.line(s.Name, e.text) {
		return errIgnored
	}
	if !knownContainer(s.Container) {
		return sigtext.Unsupported("the container " + s.Container)
	}
	l.texts = append(l.texts, pending{e.kind, e.file, e.line, s})
	return nil
}

// certificate reads a certificate that is trusted or blocked.
func (l *Loader) certificate(e *entry) error {
	c, err := certs.Parse(e.text)
	if err != nil {
		return err
	}
	if l.ignored.line(c.Name, e.text) {
		return errIgnored
	}
	l.certs = append(l.certs, c)
	return nil
}

// ignored is the names of signatures to leave out; with digests, only those
// whose line has the digest.
type ignored struct {
	names map[string]bool
	lines map[string][md5.Size]byte
}

func newIgnored() ignored {
	return ignored{names: map[string]bool{}, lines: map[string][md5.Size]byte{}}
}

func (i *ignored) line(name, line string) bool {
	if i.names[name] {
		return true
	}
	digest, ok := i.lines[name]
	return ok && md5.Sum([]byte(line)) == digest
}

// ignore reads name, name:md5 or database:line:name.
func (l *Loader) ignore(e *entry) error {
	f := strings.Split(e.text, ":")
	name := strings.TrimSuffix(f[0], ".UNOFFICIAL")
	if len(f) == 3 {
		name = f[2]
	}
	if name == "" || len(f) > 3 {
		return fmt.Errorf("%d fields, expected a name, and perhaps its MD5", len(f))
	}
	if len(f) != 2 {
		l.ignored.names[name] = true
		return nil
	}
	digest, err := hex.DecodeString(f[1])
	if err != nil || len(digest) != md5.Size {
		return fmt.Errorf("MD5 %q, expected 32 hexadecimal digits", f[1])
	}
	l.ignored.lines[name] = [md5.Size]byte(digest)
	return nil
}
