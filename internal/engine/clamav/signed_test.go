package clamav

import (
	"bytes"
	"context"
	"crypto"
	"crypto/md5"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/engine/clamav/certs/certstest"
	"vitrine/yara/authenticode/authenticodetest"
)

// authority is who signs the programs of the tests: a root, what stands under
// it, and a server of time stamps.
type authority struct {
	serial                          int64
	root, middle, leaf, old, stamps *authenticodetest.Identity
}

func newAuthority(name string) *authority {
	a := &authority{}
	a.root = a.issue(nil, name+" Root", issuing())
	a.middle = a.issue(a.root, name+" Middle", issuing())
	a.leaf = a.issue(a.middle, name+" Signer", coding())
	old := coding()
	old.NotAfter = time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC)
	a.old = a.issue(a.middle, name+" Old Signer", old)
	a.stamps = a.issue(a.root, name+" Stamps", x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}, KeyUsage: x509.KeyUsageDigitalSignature})
	return a
}

func issuing() x509.Certificate {
	return x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
}

func coding() x509.Certificate {
	return x509.Certificate{KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}}
}

func (a *authority) issue(by *authenticodetest.Identity, name string, c x509.Certificate) *authenticodetest.Identity {
	a.serial++
	if c.NotAfter.IsZero() {
		c.NotAfter = certstest.LastYear()
	}
	c.SerialNumber, c.Subject = big.NewInt(a.serial), pkix.Name{Organization: []string{"Example"}, CommonName: name}
	return authenticodetest.Issue(by, authenticodetest.RSAKey(), c)
}

// message is a signature of the sample with the certificates of the authority.
func (a *authority) message(who *authenticodetest.Identity) *authenticodetest.Message {
	m := authenticodetest.Signing(who, crypto.SHA256, samplePE())
	m.Certs = [][]byte{who.Cert, a.middle.Cert, a.root.Cert, a.stamps.Cert}
	return m
}

func (a *authority) signed(who *authenticodetest.Identity) []byte {
	return attached(a.message(who))
}

// stamped is signed by the old signer, with a stamp over a value.
func (a *authority) stamped(by *authenticodetest.Identity, value func(signature []byte) []byte) []byte {
	m := a.message(a.old)
	m.Unsigned = func(signature []byte) [][]byte { return [][]byte{authenticodetest.PKCS9(by, value(signature))} }
	return attached(m)
}

func attached(m *authenticodetest.Message) []byte {
	return authenticodetest.Attach(samplePE(), m.Bytes())
}

// changed is a program with one byte of its code changed.
func changed(data []byte) []byte {
	out := append([]byte{}, data...)
	out[0x5f0] ^= 1
	return out
}

// bed is who takes part in the tests and the lines that judge them.
type bed struct {
	good, bad, foreign, half *authority
	named, renewed           *authenticodetest.Identity
}

func newBed() *bed {
	b := &bed{good: newAuthority("Good"), bad: newAuthority("Bad"), foreign: newAuthority("Foreign"), half: newAuthority("Half")}
	b.named = b.foreign.issue(b.foreign.root, "Named", coding())
	again := coding()
	again.SerialNumber, again.Subject, again.NotAfter = big.NewInt(99), b.bad.leaf.Parsed.Subject, certstest.LastYear()
	b.renewed = authenticodetest.Issue(b.bad.middle, b.bad.leaf.Key, again)
	return b
}

// lines has those with a serial number first: once clamscan saw one without, it
// passes over the numbers of all that follow.
func (b *bed) lines() string {
	return certstest.Line("Bad.Leaf", false, b.bad.leaf.Parsed, true, "1;0;0") +
		certstest.Line("Bad.Stamps", false, b.bad.stamps.Parsed, true, "0;1;0") +
		certstest.Line("Named", true, b.named.Parsed, true, "1;0;0") +
		certstest.Line("Good.Root", true, b.good.root.Parsed, false, "1;1;1") +
		certstest.Line("Half.Root", true, b.half.root.Parsed, false, "0;1;1") +
		certstest.Line("Bad.Middle", false, b.bad.middle.Parsed, false, "0;0;0") +
		certstest.Line("", false, b.bad.root.Parsed, false, "0;0;0") +
		"# a comment\n"
}

// trustedPrograms have no names: whatever else is listed, they are not looked at.
func (b *bed) trustedPrograms() map[string][]byte {
	rootless, mixed := b.good.message(b.good.leaf), b.good.message(b.good.leaf)
	rootless.Certs = [][]byte{b.good.middle.Cert, b.good.leaf.Cert, b.good.leaf.Cert}
	mixed.Certs = [][]byte{authenticodetest.TLV(0x30, authenticodetest.Number(1)), authenticodetest.EC().Cert, b.good.leaf.Cert, b.good.middle.Cert}
	out := map[string][]byte{
		"trusted.exe":  b.good.signed(b.good.leaf),
		"stamped.exe":  b.good.stamped(b.good.stamps, itself),
		"named.exe":    b.foreign.signed(b.named),
		"rootless.exe": attached(rootless),
		"mixed.exe":    attached(mixed),
	}
	for name, hash := range map[string]crypto.Hash{"sha1.exe": crypto.SHA1, "sha384.exe": crypto.SHA384} {
		m := authenticodetest.Signing(b.good.leaf, hash, samplePE())
		m.Certs = rootless.Certs
		out[name] = attached(m)
	}
	checksum := b.good.signed(b.good.leaf)
	checksum[0x80+0x58] ^= 1 // not part of what is signed
	out["checksum.exe"] = checksum
	return out
}

func itself(v []byte) []byte { return v }

// untrustedPrograms have the names of other signatures only.
func (b *bed) untrustedPrograms() map[string][]byte {
	thief := *b.good.leaf
	thief.Key = b.bad.leaf.Key
	other, token, untyped, alone := b.good.message(b.good.leaf), b.good.message(b.good.old), b.good.message(b.good.leaf), b.foreign.message(b.foreign.leaf)
	other.Signed = []byte("something else")
	token.Unsigned = func(v []byte) [][]byte { return [][]byte{authenticodetest.RFC3161(b.good.stamps, v)} }
	untyped.Attributes = nil
	alone.Certs = [][]byte{b.foreign.leaf.Cert}
	unsigned := b.good.message(b.good.leaf)
	unsigned.NoSigner = true
	renewed := authenticodetest.Signing(b.renewed, crypto.SHA256, samplePE())
	renewed.Certs = [][]byte{b.renewed.Cert}
	return map[string][]byte{
		"plain.exe":               samplePE(),
		"changed.exe":             changed(b.good.signed(b.good.leaf)),
		"longer.exe":              append(b.good.signed(b.good.leaf), 0),
		"expired.exe":             b.good.signed(b.good.old),
		"stamp-of-another.exe":    b.good.stamped(b.good.stamps, func([]byte) []byte { return []byte("another") }),
		"stamp-of-no-server.exe":  b.good.stamped(b.good.leaf, itself),
		"stamp-of-a-stranger.exe": b.good.stamped(b.foreign.stamps, itself),
		"token.exe":               attached(token),
		"other-key.exe":           attached(b.good.message(&thief)),
		"other-content.exe":       attached(other),
		"untyped.exe":             attached(untyped),
		"unsigned.exe":            attached(unsigned),
		"stamps-sign-nothing.exe": b.good.signed(b.good.stamps),
		"foreign.exe":             b.foreign.signed(b.foreign.leaf),
		"alone.exe":               attached(alone),
		"not-for-code.exe":        b.half.signed(b.half.leaf),
		"renewed.exe":             attached(renewed),
	}
}

// blockedPrograms have the names of the lines too.
func (b *bed) blockedPrograms() map[string][]byte {
	carried := b.foreign.message(b.foreign.leaf)
	carried.Certs = append(carried.Certs, b.bad.stamps.Cert)
	return map[string][]byte{
		"blocked.exe":             b.bad.signed(b.bad.leaf),
		"blocked-and-changed.exe": changed(b.bad.signed(b.bad.leaf)),
		"blocked-above.exe":       b.bad.signed(b.bad.old),
		"blocked-carried.exe":     attached(carried),
	}
}

// signedDatabases are lines for certificates beside signatures of every kind
// that fit the samples.
func signedDatabases(lines string, samples ...map[string][]byte) map[string]string {
	var digests strings.Builder
	for _, list := range samples {
		for name, data := range list {
			fmt.Fprintf(&digests, "%x:%d:Hash.%s\n", md5.Sum(data), len(data), name)
		}
	}
	return map[string]string{
		"a.crb": lines, "a.hdb": digests.String(), "a.ndb": "Body.Code:1:*:" + x("entry-code") + "\nBody.Any:0:*:" + x("overlay-at") + "\n",
		"a.mdb":  fmt.Sprintf("512:%x:Section.Code\n", md5.Sum(samplePE()[0x400:0x600])),
		"a.yara": "rule in_code { strings: $a = \"code-here\" condition: $a }\n",
	}
}

// TestDifferentialSigned finds in signed programs what clamscan finds.
func TestDifferentialSigned(t *testing.T) {
	b := newBed()
	trust, others, bad := b.trustedPrograms(), b.untrustedPrograms(), b.blockedPrograms()
	all := maps.Clone(trust)
	maps.Copy(all, others)
	maps.Copy(all, bad)
	files := signedDatabases(b.lines(), trust, others, bad)
	d, _ := load(t, Config{Now: time.Now}, files)
	for name, data := range all {
		got := strings.Join(names(t, d, View{Data: data}), " ")
		_, isTrusted := trust[name]
		_, isBlocked := bad[name]
		if isTrusted != (got == "") || isBlocked != strings.Contains(got, "Bad.") || !isTrusted && !strings.Contains(got, "Hash."+name) {
			t.Errorf("%s: %q", name, got)
		}
	}
	compare(t, Config{Now: time.Now}, files, all)
	t.Run("not asked", func(t *testing.T) { compare(t, Config{Now: time.Now, NoCertificates: true}, files, all, "--nocerts") })
}

// TestSignedUnlikeClamscan holds what the specification says of differences,
// of both sides.
func TestSignedUnlikeClamscan(t *testing.T) {
	good := newAuthority("Good")
	noIssuer := good.issue(good.root, "No Issuer", x509.Certificate{BasicConstraintsValid: true})
	below := good.issue(noIssuer, "Below", coding())
	byNone := authenticodetest.Signing(below, crypto.SHA256, samplePE())
	byNone.Certs = [][]byte{below.Cert, noIssuer.Cert}
	late := coding()
	late.NotAfter = time.Date(2051, 1, 1, 0, 0, 0, 0, time.UTC)
	weak := md5Signed(good.leaf, good.middle)
	byWeak := authenticodetest.Signing(weak, crypto.SHA256, samplePE())
	byWeak.Certs = [][]byte{weak.Cert, good.middle.Cert}
	other := good.issue(good.middle, "Other", coding())
	again := coding()
	again.SerialNumber, again.Subject, again.NotAfter = big.NewInt(99), other.Parsed.Subject, certstest.LastYear()
	renewed := authenticodetest.Issue(good.middle, other.Key, again)
	unsigned := good.message(good.leaf)
	unsigned.NoSigner = true
	middle := certstest.Line("Middle", false, good.middle.Parsed, false, "0;0;0")
	root := certstest.Line("Good.Root", true, good.root.Parsed, false, "1;1;1")
	for name, c := range map[string]struct {
		data         []byte
		lines        string
		ours, theirs string
	}{
		"issued by one that is no issuer": {attached(byNone), root, "Body.Code", ""},
		"ends after 2049":                 {good.signed(good.issue(good.middle, "Late", late)), root, "", "Body.Code"},
		"signed with MD5":                 {attached(byWeak), root, "Body.Code", ""},
		"trusted and blocked":             {good.signed(good.leaf), root + middle, "Body.Code Middle", "Middle"},
		"blocked and of no signer":        {attached(unsigned), middle, "Body.Code Middle", "Middle"},
		"a number after none":             {good.signed(renewed), root + certstest.Line("Other", false, other.Parsed, true, "0;0;0"), "", "Other"},
	} {
		t.Run(name, func(t *testing.T) {
			files, sample := map[string]string{"a.crb": c.lines, "a.ndb": "Body.Code:1:*:" + x("entry-code") + "\n"}, map[string][]byte{"s": c.data}
			d, _ := load(t, Config{Now: time.Now}, files)
			if got := strings.Join(names(t, d, View{Data: c.data}), " "); got != c.ours {
				t.Errorf("ours: %q, want %q", got, c.ours)
			}
			if got := strings.ReplaceAll(strings.Join(theirs(t, files, sample), " "), "s ", ""); got != c.theirs {
				t.Errorf("clamscan: %q, want %q", got, c.theirs)
			}
		})
	}
}

// Names to ignore hold for certificates too, those read before them included.
func TestIgnoredCertificates(t *testing.T) {
	a := newAuthority("Good")
	files := map[string]string{
		"a.crb": certstest.Line("Middle", false, a.middle.Parsed, false, "0;0;0") + certstest.Line("Root", true, a.root.Parsed, false, "1;1;1"),
		"a.ndb": "Body.Code:1:*:" + x("entry-code") + "\n",
	}
	for ignored, want := range map[string]string{"Nothing": "Body.Code Middle", "Middle": "", "Root": "Body.Code Middle", "Root\nMiddle": "Body.Code"} {
		l := NewLoader(Config{Now: time.Now})
		for _, name := range []string{"a.crb", "a.ndb", "a.ign2"} {
			text := files[name]
			if name == "a.ign2" {
				text = ignored + "\n"
			}
			if err := l.Add(name, strings.NewReader(text)); err != nil {
				t.Fatal(err)
			}
		}
		d, err := l.Finish()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(names(t, d, View{Data: a.signed(a.leaf)}), " "); got != want {
			t.Errorf("without %q: %q, want %q", ignored, got, want)
		}
	}
}

// A part of a file is judged by no signature, and without a clock nothing is
// valid.
func TestSignedInPart(t *testing.T) {
	a := newAuthority("Good")
	files := map[string]string{"a.crb": certstest.Line("Root", true, a.root.Parsed, false, "1;1;1"), "a.ndb": "Body.Code:1:*:" + x("entry-code") + "\n"}
	d, _ := load(t, Config{Now: time.Now}, files)
	if got := names(t, d, View{Data: a.signed(a.leaf)}); len(got) != 0 || d.Len() != 2 {
		t.Errorf("%v of %d", got, d.Len())
	}
	if got := names(t, d, View{Data: a.signed(a.leaf), Part: true}); len(got) != 1 {
		t.Errorf("a part: %v", got)
	}
	d, _ = load(t, Config{}, files)
	if got := names(t, d, View{Data: a.signed(a.leaf)}); len(got) != 1 {
		t.Errorf("no clock: %v", got)
	}
	if got := names(t, d, View{Data: a.stamped(a.stamps, itself)}); len(got) != 0 {
		t.Errorf("no clock, and a stamp: %v", got)
	}
}

// FuzzSigned writes over signed programs: the scan ends well, and trusts nothing
// that was not signed. The programs are not part of the corpus, as keys are new
// each time.
func FuzzSigned(f *testing.F) {
	b := newBed()
	var programs [][]byte
	for _, m := range []map[string][]byte{b.trustedPrograms(), b.untrustedPrograms(), b.blockedPrograms()} {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			programs = append(programs, m[name])
			f.Add(uint8(len(programs)-1), uint16(0), []byte{})
			f.Add(uint8(len(programs)-1), uint16(0xc20), []byte{0x30, 0x83, 0xff, 0xff, 0xff})
		}
	}
	d, _ := load(f, Config{Now: time.Now}, map[string]string{"a.crb": b.lines()})
	f.Fuzz(func(t *testing.T, which uint8, at uint16, over []byte) {
		data := bytes.Clone(programs[int(which)%len(programs)])
		copy(data[int(at)%len(data):], over)
		s, err := d.NewScanner()
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Scan(context.Background(), View{Data: data})
		if err != nil {
			t.Fatal(err)
		}
		if r.Trusted && !bytes.Equal(data[0x400:0xc00], samplePE()[0x400:0xc00]) {
			t.Error("a program that was changed is trusted")
		}
	})
}

// md5Signed is a certificate signed again by its issuer, with MD5.
func md5Signed(who, by *authenticodetest.Identity) *authenticodetest.Identity {
	sha, weak := authenticodetest.OID(1, 2, 840, 113549, 1, 1, 11), authenticodetest.OID(1, 2, 840, 113549, 1, 1, 4)
	tbs := bytes.Replace(who.Parsed.RawTBSCertificate, sha, weak, 1)
	digest := md5.Sum(tbs)
	value, err := by.Key.Sign(rand.Reader, digest[:], crypto.MD5)
	if err != nil {
		panic(err)
	}
	out := *who
	out.Cert = authenticodetest.TLV(0x30, tbs, authenticodetest.Algorithm(weak), authenticodetest.TLV(3, []byte{0}, value))
	return &out
}
