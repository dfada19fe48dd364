package authenticode_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"vitrine/yara/authenticode"
	sign "vitrine/yara/authenticode/authenticodetest"
	"vitrine/yara/internal/module/moduletest"
	"vitrine/yara/internal/module/pe"
)

// check looks at a file through the module pe, as rules do.
func check(t *testing.T, data []byte, cases [][2]string) {
	t.Helper()
	moduletest.Check(t, moduletest.Open(pe.Module(), data), cases)
}

func quoted(b []byte) string { return `"` + hex.EncodeToString(b) + `"` }

func TestSigned(t *testing.T) {
	for name, c := range map[string]struct {
		who  *sign.Identity
		hash crypto.Hash
		alg  string
		wide bool
	}{
		"RSA and SHA-256, 32 bits": {sign.RSA("Root"), crypto.SHA256, `"sha256"`, false},
		"RSA and SHA-1, 64 bits":   {sign.RSA("Root"), crypto.SHA1, `"sha1"`, true},
		"ECDSA and SHA-384":        {sign.EC(), crypto.SHA384, `"sha384"`, true},
	} {
		t.Run(name, func(t *testing.T) {
			data := sign.Program(c.wide)
			digest := quoted(sign.FileDigest(c.hash, data))
			print1, print2 := sha1.Sum(c.who.Cert), sha1.Sum(c.who.Issuer)
			const subject = `"/C=DE/O=S\\xC3\\xB6hne / Co \\+ KG/CN=Signer"`
			check(t, sign.Attach(data, sign.Signing(c.who, c.hash, data).Bytes()), [][2]string{
				{"number_of_signatures", "1"}, {"is_signed", "1"}, {"signatures[0].verified", "1"}, {"signatures[1].verified", "undefined"},
				{"signatures[0].digest_alg", c.alg}, {"signatures[0].digest", digest}, {"signatures[0].file_digest", digest},
				{"signatures[0].subject", subject}, {"signatures[0].issuer", `"/CN=Root"`}, {"signatures[0].serial", `"7f:ab:01"`},
				{"signatures[0].thumbprint", quoted(print1[:])}, {"signatures[0].version", "3"},
				{"signatures[0].algorithm", `"ecdsa-with-SHA256"`}, {"signatures[0].algorithm_oid", `"1.2.840.10045.4.3.2"`},
				{"signatures[0].not_before", fmt.Sprint(sign.Begin().Unix())}, {"signatures[0].not_after", fmt.Sprint(sign.End().Unix())},
				{fmt.Sprintf("signatures[0].valid_on(%d)", sign.Begin().Unix()), "1"}, {fmt.Sprintf("signatures[0].valid_on(%d)", sign.End().Unix()), "1"},
				{fmt.Sprintf("signatures[0].valid_on(%d)", sign.Begin().Unix()-1), "0"}, {fmt.Sprintf("signatures[0].valid_on(%d)", sign.End().Unix()+1), "0"},
				{"signatures[0].number_of_certificates", "2"}, {"signatures[0].certificates[1].thumbprint", quoted(print2[:])},
				{"signatures[0].signer_info.length_of_chain", "2"}, {"signatures[0].signer_info.chain[1].subject", `"/CN=Root"`},
				{"signatures[0].signer_info.chain[2].subject", "undefined"}, {"signatures[0].signer_info.digest_alg", c.alg},
				{"signatures[0].signer_info.program_name", "undefined"}, {"signatures[0].number_of_countersignatures", "0"},
			})
		})
	}
}

// What the digest covers, and what not.
func TestChangedFile(t *testing.T) {
	data := sign.Program(false)
	good := append(sign.Attach(data, sign.Signing(sign.EC(), crypto.SHA256, data).Bytes()), 0)
	for name, c := range map[string]struct {
		at       int
		verified string
	}{
		"DOS header": {10, "0"}, "checksum": {sign.NTAt + 0x58, "1"}, "behind the checksum": {sign.NTAt + 0x5c, "0"},
		"size of the directory": {sign.NTAt + 0x9c, "1"}, "code": {0x300, "0"}, "last byte": {0x3ff, "0"},
	} {
		changed := bytes.Clone(good)
		changed[c.at] ^= 1
		s := moduletest.Open(pe.Module(), changed)
		if got := s.Eval("is_signed"); got != c.verified {
			t.Errorf("%s: is_signed is %s, want %s", name, got, c.verified)
		}
		if got := s.Eval("number_of_signatures"); got != "1" {
			t.Errorf("%s: %s signatures", name, got)
		}
	}
}

// A signature made with another key, over other attributes or over other
// content does not verify.
func TestForgeries(t *testing.T) {
	data := sign.Program(true)
	one, two := sign.EC(), sign.EC()
	stolen := &sign.Identity{Key: two.Key, Cert: one.Cert, Issuer: one.Issuer, Parsed: one.Parsed}
	other := sign.Signing(one, crypto.SHA256, data)
	other.Signed = []byte("something else")
	good := sign.Signing(one, crypto.SHA256, data).Bytes()
	at := bytes.Index(good, sign.OID(1, 2, 840, 113549, 1, 9, 4))
	attributes := bytes.Clone(good)
	attributes[at+20] ^= 1
	unlisted := bytes.Replace(good, sign.TLV(0x31, sign.Algorithm(sign.DigestID(crypto.SHA256))), sign.TLV(0x31, sign.Algorithm(sign.DigestID(crypto.SHA384))), 1)
	for name, message := range map[string][]byte{
		"another key": sign.Signing(stolen, crypto.SHA256, data).Bytes(), "other content": other.Bytes(),
		"changed attributes": attributes, "algorithm not announced": unlisted,
	} {
		s := moduletest.Open(pe.Module(), sign.Attach(data, message))
		if n, v := s.Eval("number_of_signatures"), s.Eval("signatures[0].verified"); n != "1" || v != "0" {
			t.Errorf("%s: %s signatures, verified %s", name, n, v)
		}
	}
}

func TestTimeStamps(t *testing.T) {
	data := sign.Program(false)
	who, old, server, liar := sign.EC(), sign.RSA("Old Root"), sign.EC(), sign.EC()
	m := sign.Signing(who, crypto.SHA256, data)
	m.Certs = [][]byte{who.Cert, who.Issuer, old.Cert}
	m.Unsigned = func(value []byte) [][]byte {
		return [][]byte{sign.PKCS9(old, value), sign.RFC3161(server, value)}
	}
	when := fmt.Sprint(sign.Stamp().Unix())
	check(t, sign.Attach(data, m.Bytes()), [][2]string{
		{"signatures[0].verified", "1"}, {"signatures[0].number_of_countersignatures", "2"},
		{"signatures[0].countersignatures[0].verified", "1"}, {"signatures[0].countersignatures[0].sign_time", when},
		{"signatures[0].countersignatures[0].digest_alg", `"sha1"`}, {"signatures[0].countersignatures[0].length_of_chain", "1"},
		{"signatures[0].countersignatures[1].verified", "1"}, {"signatures[0].countersignatures[1].sign_time", when},
		{"signatures[0].countersignatures[1].digest_alg", `"sha256"`},
		{"signatures[0].countersignatures[1].chain[0].issuer", `"/CN=Root"`},
		// The certificates of the newer kind count among the signature's.
		{"signatures[0].number_of_certificates", "4"},
	})
	m.Unsigned = func(value []byte) [][]byte {
		return [][]byte{sign.PKCS9(old, []byte("another signature")), sign.RFC3161(liar, []byte("another signature"))}
	}
	check(t, sign.Attach(data, m.Bytes()), [][2]string{
		{"signatures[0].verified", "1"}, {"signatures[0].countersignatures[0].verified", "0"}, {"signatures[0].countersignatures[1].verified", "0"},
		{"signatures[0].countersignatures[1].sign_time", when},
	})
	m.Unsigned = func([]byte) [][]byte {
		return [][]byte{sign.Attribute(sign.OID(1, 2, 840, 113549, 1, 9, 6), sign.Number(1)), sign.Attribute(sign.OID(1, 3, 6, 1, 4, 1, 311, 3, 3, 1), sign.Number(1))}
	}
	check(t, sign.Attach(data, m.Bytes()), [][2]string{
		{"signatures[0].number_of_countersignatures", "2"}, {"signatures[0].countersignatures[0].sign_time", "0"},
		{"signatures[0].countersignatures[1].digest", "undefined"}, {"signatures[0].countersignatures[1].verified", "0"},
	})
}

func TestNested(t *testing.T) {
	data := sign.Program(false)
	inner := sign.Signing(sign.EC(), crypto.SHA384, data)
	outer := sign.Signing(sign.EC(), crypto.SHA1, data)
	outer.Unsigned = func([]byte) [][]byte {
		return [][]byte{sign.Attribute(sign.OID(1, 3, 6, 1, 4, 1, 311, 2, 4, 1), inner.Bytes(), sign.TLV(0x30, sign.Number(1)))}
	}
	check(t, sign.Attach(data, outer.Bytes()), [][2]string{
		{"number_of_signatures", "2"}, {"signatures[0].digest_alg", `"sha1"`}, {"signatures[1].digest_alg", `"sha384"`},
		{"signatures[0].verified", "1"}, {"signatures[1].verified", "1"},
	})
	// Messages inside messages inside messages end with the cap.
	deep := inner
	for range 30 {
		in := deep.Bytes()
		deep = sign.Signing(inner.Who, crypto.SHA384, data)
		deep.Unsigned = func([]byte) [][]byte { return [][]byte{sign.Attribute(sign.OID(1, 3, 6, 1, 4, 1, 311, 2, 4, 1), in)} }
	}
	check(t, sign.Attach(data, deep.Bytes()), [][2]string{{"number_of_signatures", "9"}})
}

func TestProgramName(t *testing.T) {
	data := sign.Program(false)
	who := sign.EC()
	for name, c := range map[string]struct{ value, want string }{
		"UTF-16": {string(sign.TLV(0x30, sign.TLV(0xa0, sign.TLV(0x80, []byte("\x00P\x00r\x20\xac"))))), `"Pr€"`},
		"ASCII":  {string(sign.TLV(0x30, sign.TLV(0xa0, sign.TLV(0x81, []byte("Pr\xf6"))))), `"Prö"`},
		"none":   {string(sign.TLV(0x30)), "undefined"},
		"broken": {string(sign.TLV(0x30, sign.TLV(0xa0, sign.TLV(0x82, []byte("Pr"))))), "undefined"},
	} {
		m := sign.Signing(who, crypto.SHA256, data)
		m.Attributes = [][]byte{sign.Attribute(sign.OID(1, 3, 6, 1, 4, 1, 311, 2, 1, 12), []byte(c.value))}
		s := moduletest.Open(pe.Module(), sign.Attach(data, m.Bytes()))
		if got := s.Eval("signatures[0].signer_info.program_name"); got != c.want {
			t.Errorf("%s: program name %s, want %s", name, got, c.want)
		}
	}
}

// Which broken signatures are shown follows libyara.
func TestHalfSignatures(t *testing.T) {
	data := sign.Program(false)
	who := sign.EC()
	stranger := sign.Signing(who, crypto.SHA256, data)
	stranger.Certs = [][]byte{who.Issuer}
	changed := sign.Program(false)
	changed[0x300] ^= 1
	unsigned := sign.Signing(who, crypto.SHA256, data)
	unsigned.NoSigner = true
	other := sign.Signing(who, crypto.SHA256, data)
	other.ContentType = sign.OID(1, 2, 3)
	notSigned := sign.TLV(0x30, sign.OID(1, 2, 840, 113549, 1, 7, 1), sign.TLV(0xa0, sign.TLV(4, []byte("x"))))
	twoCerts := sign.Signing(who, crypto.SHA256, data)
	twoCerts.Certs = [][]byte{who.Cert, sign.TLV(0xa1, sign.Number(1))}
	for name, c := range map[string]struct {
		data  []byte
		cases [][2]string
	}{
		"signer's certificate missing":           {sign.Attach(data, stranger.Bytes()), [][2]string{{"number_of_signatures", "0"}}},
		"the same, and another file":             {sign.Attach(changed, stranger.Bytes()), [][2]string{{"number_of_signatures", "1"}, {"signatures[0].subject", "undefined"}, {"signatures[0].verified", "0"}, {"signatures[0].signer_info.length_of_chain", "0"}, {"signatures[0].valid_on(1)", "undefined"}}},
		"no signer":                              {sign.Attach(data, unsigned.Bytes()), [][2]string{{"number_of_signatures", "0"}}},
		"other content":                          {sign.Attach(data, other.Bytes()), [][2]string{{"number_of_signatures", "1"}, {"signatures[0].digest_alg", "undefined"}, {"signatures[0].number_of_certificates", "2"}, {"signatures[0].signer_info.length_of_chain", "undefined"}, {"is_signed", "0"}}},
		"no signed data":                         {sign.Attach(data, notSigned), [][2]string{{"number_of_signatures", "0"}}},
		"a certificate that is none":             {sign.Attach(data, twoCerts.Bytes()), [][2]string{{"number_of_signatures", "0"}}},
		"no message":                             {sign.Attach(data, []byte("hello")), [][2]string{{"number_of_signatures", "0"}, {"is_signed", "0"}}},
		"an empty message":                       {sign.Attach(data, nil), [][2]string{{"number_of_signatures", "0"}}},
		"none":                                   {data, [][2]string{{"number_of_signatures", "0"}, {"is_signed", "0"}, {"signatures[0].issuer", "undefined"}}},
		"directory past the end":                 {sign.Attach(data, stranger.Bytes())[:0x420], [][2]string{{"number_of_signatures", "0"}}},
		"signature where the header is (a loop)": {moved(sign.Attach(data, stranger.Bytes())), [][2]string{{"number_of_signatures", "0"}}},
	} {
		t.Run(name, func(t *testing.T) { check(t, c.data, c.cases) })
	}
}

// moved points the security directory into the header.
func moved(data []byte) []byte {
	binary.LittleEndian.PutUint32(data[sign.DirectoryAt(data):], 0x20)
	return data
}

// Every second byte of a message changed: no panic, and no forgery by chance.
func TestDamage(t *testing.T) {
	data := sign.Program(false)
	who, server := sign.EC(), sign.EC()
	m := sign.Signing(who, crypto.SHA256, data)
	m.Unsigned = func(value []byte) [][]byte { return [][]byte{sign.RFC3161(server, value)} }
	good := m.Bytes()
	signature := bytes.Index(good, sign.OID(1, 2, 840, 113549, 1, 9, 4))
	for i := 0; i < len(good); i += 2 {
		changed := bytes.Clone(good)
		changed[i] ^= 0x10
		s := moduletest.Open(pe.Module(), sign.Attach(data, changed))
		s.Walk(8, nil)
		if in := i - signature; in > 0 && in < 40 && s.Eval("is_signed") == "1" {
			t.Errorf("byte %d of the signed attributes changed, and the file is signed", in)
		} else if o := outer(sign.Attach(data, changed)); o != nil && in > 0 && in < 40 && o.Verified() {
			t.Errorf("byte %d of the signed attributes changed, and the outer signature holds", in)
		}
		moduletest.Open(pe.Module(), sign.Attach(data, good[:i])).Walk(8, nil)
	}
}

func FuzzAuthenticode(f *testing.F) {
	data := sign.Program(false)
	who, server := sign.EC(), sign.RSA("Old Root")
	m := sign.Signing(who, crypto.SHA256, data)
	f.Add(m.Bytes())
	m.Certs = [][]byte{who.Cert, server.Cert}
	m.Unsigned = func(value []byte) [][]byte { return [][]byte{sign.PKCS9(server, value), sign.RFC3161(who, value)} }
	f.Add(m.Bytes())
	f.Fuzz(func(t *testing.T, message []byte) {
		file := sign.Attach(data, message)
		moduletest.Open(pe.Module(), file).Walk(32, nil)
		s := outer(file)
		if s == nil {
			return
		}
		s.Verified()
		for _, stamp := range s.Countersignatures() {
			stamp.Verified()
		}
		for _, c := range s.Certificates() {
			u, ok := c.Uses()
			if ok && (u.CA && !u.Constrained || len(u.Purposes) > 64) {
				t.Errorf("uses %+v", u)
			}
			if key, is := c.Key().(*rsa.PublicKey); is {
				c.SignedWith(key)
			}
		}
	})
}

// A scan that is told to stop leaves the digest open rather than wrong.
func TestStopped(t *testing.T) {
	data := sign.Program(false)
	file := sign.Attach(data, sign.Signing(sign.EC(), crypto.SHA256, data).Bytes())
	d := sign.DirectoryAt(file)
	list := readSignatures(file, d, func() bool { return true })
	if len(list) != 1 || list[0].FileDigest() != nil || list[0].Verified() {
		t.Errorf("%d signatures, the first with digest %x", len(list), list[0].FileDigest())
	}
	if s := list[0].Signer().Subject(); !strings.HasSuffix(s, "CN=Signer") {
		t.Errorf("subject %s", s)
	}
}

func readSignatures(file []byte, d int, stop func() bool) []*authenticode.Signature {
	return authenticode.Parse(authenticode.File{
		Data: file, NT: sign.NTAt, Stop: stop,
		At:   int64(binary.LittleEndian.Uint32(file[d:])),
		Size: int64(binary.LittleEndian.Uint32(file[d+4:])),
	})
}
