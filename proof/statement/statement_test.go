package statement

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

func signer(name string) Signer {
	seed := sha256.Sum256([]byte(name))
	return NewSigner(ed25519.NewKeyFromSeed(seed[:]))
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("error %v, expected one with %q", err, want)
	}
}

func digest() *rapid.Generator[[32]byte] {
	return rapid.Custom(func(t *rapid.T) [32]byte {
		return [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "digest"))
	}).Filter(func(d [32]byte) bool { return d != [32]byte{} })
}

func moment() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(1, 253402300799-1).Draw(t, "second"), 0).UTC()
	})
}

// words has what makes strings hard: quotes, backslashes, letters of all sizes.
func words() *rapid.Generator[string] { return rapid.StringMatching(`[a-z"\\/<>&é☃𝄞]{1,20}`) }

func drawStatement(t *rapid.T) Statement {
	source := Source{"https://" + rapid.StringMatching(`[a-z./"\\]{1,20}`).Draw(t, "repo"), strings.Repeat(rapid.StringMatching(`[0-9a-f]{4}`).Draw(t, "commit"), 10)}
	serial := rapid.Int64Range(2, maxNumber).Draw(t, "serial")
	name := "x/" + rapid.StringMatching(`[a-zA-Z0-9_+@-]{1,20}`).Draw(t, "name")
	var p Predicate
	switch rapid.IntRange(0, 8).Draw(t, "type") {
	case 0:
		channel := rapid.StringMatching(`[a-z][a-z0-9-]{0,31}`).Draw(t, "channel")
		start := moment().Filter(func(m time.Time) bool { return m.Year() < 9000 }).Draw(t, "notBefore")
		p = RuleBundle{Urgent: channel == UrgentChannel, Channel: channel, Serial: serial, Prev: digest().Draw(t, "prev"), Size: rapid.Int64Range(1, maxNumber).Draw(t, "size"),
			Blob: digest().Draw(t, "blob"), Source: source, Review: rapid.SliceOfN(words(), 0, 3).Draw(t, "review"), NotBefore: start, Expires: start.Add(time.Hour), EngineMin: "1.4"}
		if channel != UrgentChannel {
			b := p.(RuleBundle)
			b.Rollout = time.Duration(rapid.IntRange(0, 3599).Draw(t, "rollout")) * time.Second
			p = b
		}
		name = BundleName(channel, serial)
	case 1:
		p = RuleRevoke{"core", serial, digest().Draw(t, "bundle"), words().Draw(t, "reason")}
		name = BundleName("core", serial)
	case 2:
		p = Release{Version: "2.0.0-rc.1", Serial: serial, Prev: digest().Draw(t, "prev"), Source: source, Archive: digest().Draw(t, "archive"),
			Toolchain: Toolchain{"go1.26.8", "h1:" + strings.Repeat("A", 43) + "="}, GoSum: digest().Draw(t, "gosum"),
			Build: Build{rapid.SliceOfN(words(), 1, 5).Draw(t, "command"), []string{"A=" + words().Draw(t, "env"), "B="}},
			SBOM:  []Subject{{"a.json", digest().Draw(t, "sbom")}}, Provenance: digest().Draw(t, "provenance")}
		name = "release/2.0.0-rc.1/vitrine"
	case 3:
		p = Rebuild{digest().Draw(t, "release"), "1.0", signer("r").Key().ID, Mismatch, digest().Draw(t, "environment")}
		name = "release/1.0/vitrine"
	case 4:
		p = Relocation{words().Draw(t, "what"), words().Draw(t, "from"), words().Draw(t, "to"), []Digest{digest().Draw(t, "evidence")}, moment().Draw(t, "time")}
	case 5:
		p = Deletion{digest().Draw(t, "commitment"), words().Draw(t, "method"), moment().Draw(t, "time")}
	case 6:
		p = Sharing{digest().Draw(t, "commitment"), []string{"A", "B" + words().Draw(t, "party")}, words().Draw(t, "class"), Revoked, moment().Draw(t, "time")}
	case 7:
		p = Custody{digest().Draw(t, "commitment"), Opened, digest().Draw(t, "prev"), moment().Draw(t, "time")}
	case 8:
		p = Trust{TrustRoot, serial, digest().Draw(t, "prev"), moment().Draw(t, "time")}
	}
	return Statement{[]Subject{{name, digest().Draw(t, "subject")}}, p}
}

// Every statement is read back as it was written, is JSON that the standard
// library reads to the same values, and does not survive any changed byte
// unless it is then another statement.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawStatement(t)
		payload, err := want.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(payload)
		if err != nil {
			t.Fatal(err)
		}
		again, err := got.Marshal()
		if err != nil || !bytes.Equal(again, payload) || got.Predicate.Type() != want.Predicate.Type() {
			t.Fatalf("%s\nread as\n%s, %v", payload, again, err)
		}
		var peer map[string]any
		if err := json.Unmarshal(payload, &peer); err != nil || peer["predicateType"] != want.Predicate.Type() {
			t.Fatalf("the standard library reads %v, %v", peer["predicateType"], err)
		}
		i := rapid.IntRange(0, len(payload)-1).Draw(t, "at")
		changed := bytes.Clone(payload)
		changed[i] ^= byte(rapid.IntRange(1, 255).Draw(t, "by"))
		if other, err := Parse(changed); err == nil {
			if text, err := other.Marshal(); err != nil || !bytes.Equal(text, changed) {
				t.Fatalf("%s has a second spelling, %s", text, changed)
			}
		}
	})
}

func deletion() Statement {
	return Statement{
		Subject:   []Subject{{Name: "certificates/1", SHA256: Digest{1}}},
		Predicate: Deletion{Commitment{1}, "key destroyed", time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)},
	}
}

func TestMarshalRefusesWhatCannotBeRead(t *testing.T) {
	change := func(f func(*Statement, *Deletion)) Statement {
		s := deletion()
		d := s.Predicate.(Deletion)
		f(&s, &d)
		s.Predicate = d
		return s
	}
	for name, test := range map[string]struct {
		s    Statement
		want string
	}{
		"good":              {deletion(), ""},
		"another zone":      {change(func(_ *Statement, d *Deletion) { d.Time = d.Time.In(time.FixedZone("", 3600)) }), ""},
		"no predicate":      {Statement{Subject: deletion().Subject}, "no predicate"},
		"no subject":        {change(func(s *Statement, _ *Deletion) { s.Subject = nil }), "no subject"},
		"part of a second":  {change(func(_ *Statement, d *Deletion) { d.Time = d.Time.Add(1) }), "expected a time"},
		"no time":           {change(func(_ *Statement, d *Deletion) { d.Time = time.Time{} }), "expected a time"},
		"year 10000":        {change(func(_ *Statement, d *Deletion) { d.Time = d.Time.AddDate(8000, 0, 0) }), "expected a time"},
		"control character": {change(func(_ *Statement, d *Deletion) { d.Method = "a\tb" }), "control character"},
		"no UTF-8":          {change(func(_ *Statement, d *Deletion) { d.Method = "\xff" }), "valid UTF-8"},
		"long text":         {change(func(_ *Statement, d *Deletion) { d.Method = strings.Repeat("x", 1025) }), "1 to 1024"},
		"absolute path":     {change(func(s *Statement, _ *Deletion) { s.Subject[0].Name = "/etc/passwd" }), "path elements"},
		"path upwards":      {change(func(s *Statement, _ *Deletion) { s.Subject[0].Name = "a/../b" }), "path elements"},
		"path of Windows":   {change(func(s *Statement, _ *Deletion) { s.Subject[0].Name = `a\b` }), "path elements"},
		"long path":         {change(func(s *Statement, _ *Deletion) { s.Subject[0].Name = strings.Repeat("x", 256) }), "at most 255"},
		"name twice":        {change(func(s *Statement, _ *Deletion) { s.Subject = append(s.Subject, s.Subject[0]) }), "each once"},
		"257 subjects": {change(func(s *Statement, _ *Deletion) {
			for i := range 256 {
				s.Subject = append(s.Subject, Subject{Name: "a" + strings.Repeat("b", i%200) + hex.EncodeToString([]byte{byte(i)})})
			}
		}), "at most 256"},
		"negative serial": {Statement{[]Subject{{Name: "rules/core/-00001.bundle"}}, RuleRevoke{Channel: "core", Serial: -1, Bundle: tlog.Hash{1}, Reason: "r"}}, "number from 0"},
		"serial of 2^53":  {Statement{[]Subject{{Name: BundleName("core", 1<<53)}}, RuleRevoke{Channel: "core", Serial: 1 << 53, Bundle: tlog.Hash{1}, Reason: "r"}}, "number above"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := test.s.Marshal()
			wantError(t, err, test.want)
		})
	}
}

func TestUnknownTypeIsToldApart(t *testing.T) {
	s := deletion()
	payload, _ := s.Marshal()
	payload = bytes.Replace(payload, []byte("deletion:v1"), []byte("advert:v1"), 1)
	e := Envelope{Payload: payload}
	if err := e.sign(signer("A")); err != nil {
		t.Fatal(err)
	}
	got, err := ParseLeaf(e.encode())
	var unknown *UnknownTypeError
	if !errors.As(err, &unknown) || unknown.Type != "urn:vitrine:advert:v1" {
		t.Fatalf("%v, expected an UnknownTypeError", err)
	}
	if got.Statement.Predicate != nil || len(got.Statement.Subject) != 1 || len(got.Signatures) != 1 {
		t.Errorf("%+v, expected subjects and signatures to report", got)
	}
	if _, err := got.Verify([]Key{signer("A").Key()}, 1); err != nil {
		t.Errorf("its signature: %v", err)
	}
	if _, err := AddSignature(e.encode(), signer("B")); err == nil {
		t.Error("signed a leaf of unknown type")
	}
}

func TestAddSignature(t *testing.T) {
	one, err := Sign(deletion(), signer("A"))
	if err != nil {
		t.Fatal(err)
	}
	two, err := AddSignature(one, signer("B"))
	if err != nil {
		t.Fatal(err)
	}
	same, _ := Sign(deletion(), signer("B"), signer("A"))
	if !bytes.Equal(two, same) {
		t.Error("signed one after the other it is another leaf")
	}
	again, err := AddSignature(two, signer("A"))
	if err != nil || !bytes.Equal(again, two) {
		t.Errorf("signed again it is another leaf, %v", err)
	}
	if _, err := Sign(deletion()); err == nil {
		t.Error("signed by nobody")
	}
	_, err = AddSignature([]byte("{}"), signer("A"))
	wantError(t, err, "missing")
}

func TestSignRefusesWhatCannotBeRead(t *testing.T) {
	_, err := Sign(Statement{}, signer("A"))
	wantError(t, err, "no predicate")
	leaf, err := Sign(deletion(), signer("A"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = AddSignature(leaf, badSigner{key: signer("B").Key()})
	wantError(t, err, "no valid Ed25519 signature")
	for i := range maxSignatures - 1 {
		if leaf, err = AddSignature(leaf, signer(string(rune('b'+i)))); err != nil {
			t.Fatal(err)
		}
	}
	_, err = AddSignature(leaf, signer("one too many"))
	wantError(t, err, "expected 1 to 16")
	large := deletion()
	for i := range maxSubjects - 1 {
		large.Subject = append(large.Subject, Subject{Name: strings.Repeat("x", 200) + string(rune('a'+i%26)) + string(rune('a'+i/26))})
	}
	_, err = Sign(large, signer("A"))
	wantError(t, err, "at most 65535")
}

// badSigner fails in the way its fields say.
type badSigner struct {
	key Key
	sig []byte
	err error
}

func (s badSigner) Key() Key                    { return s.key }
func (s badSigner) Sign([]byte) ([]byte, error) { return s.sig, s.err }

func TestSignersAreNotTrusted(t *testing.T) {
	key := signer("A").Key()
	for name, test := range map[string]struct {
		s    Signer
		want string
	}{
		"error":              {badSigner{key: key, err: errors.New("card removed")}, "card removed"},
		"nothing":            {badSigner{key: key}, "no valid Ed25519 signature"},
		"wrong signature":    {badSigner{key: key, sig: make([]byte, 64)}, "no valid Ed25519 signature"},
		"ID of another key":  {badSigner{key: Key{signer("B").Key().ID, key.Public}}, "expected the ID"},
		"no key":             {badSigner{}, "0 bytes"},
		"key of small order": {badSigner{key: NewKey(make([]byte, 32))}, "small order"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Sign(deletion(), test.s)
			wantError(t, err, test.want)
		})
	}
}

// The ID is that of TUF: here computed by the standard library's JSON, whose
// map keys are sorted and whose output has no space.
func TestKeyIDIsThatOfTUF(t *testing.T) {
	pub := signer("A").Key().Public
	text, err := json.Marshal(map[string]any{"keytype": "ed25519", "scheme": "ed25519", "keyval": map[string]string{"public": hex.EncodeToString(pub)}})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	if got := NewKey(pub).ID; got != hex.EncodeToString(sum[:]) {
		t.Errorf("%s, expected %x", got, sum)
	}
}

// The example of the DSSE specification's encoding, with our type.
func TestPAE(t *testing.T) {
	if got, want := string(pae([]byte("hello world"))), "DSSEv1 28 application/vnd.in-toto+json 11 hello world"; got != want {
		t.Errorf("%q, expected %q", got, want)
	}
}

func TestCommitment(t *testing.T) {
	a := Commit([32]byte{1}, []byte("record"))
	if a != Commit([32]byte{1}, []byte("record")) || a == Commit([32]byte{2}, []byte("record")) || a == Commit([32]byte{1}, []byte("recorD")) {
		t.Error("a commitment must follow from salt and record, and from both")
	}
	if len(a.String()) != 64 {
		t.Errorf("%s, expected 64 characters", a)
	}
}

// The decoder reads a part of JSON: what it takes, the standard library takes,
// and encodes to the same values.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{}`, `[]`, `""`, `0`, `{"a":[1,2,{"b":"\"\\"}]}`, `{"a":1,"a":1}`, `{"b":1,"a":1}`, `1.0`, `01`, `-1`, `9007199254740991`, `9007199254740992`, "\"\xff\"", `"\u0041"`, `[[[[[[[[[]]]]]]]]]`, `[1,]`, ` 1`, `1 `, `null`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := decode(data)
		if err != nil {
			return
		}
		var peer any
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		if err := dec.Decode(&peer); err != nil || dec.More() {
			t.Fatalf("%q: the standard library: %v", data, err)
		}
		if got := appendJSON(nil, v.plain()); !bytes.Equal(got, data) {
			t.Fatalf("%q encoded again is %q", data, got)
		}
		if got := appendJSON(nil, fromPeer(peer)); !bytes.Equal(got, data) {
			t.Fatalf("%q read by the standard library is %q", data, got)
		}
	})
}

// fromPeer turns the standard library's values into the encoder's.
func fromPeer(v any) any {
	switch v := v.(type) {
	case json.Number:
		n, _ := v.Int64()
		return n
	case []any:
		list := jsonList{}
		for _, item := range v {
			list = append(list, fromPeer(item))
		}
		return list
	case map[string]any:
		o := jsonObject{}
		for key, item := range v {
			o[key] = fromPeer(item)
		}
		return o
	}
	return v
}

func FuzzParseLeaf(f *testing.F) {
	leaf, err := Sign(deletion(), signer("A"), signer("B"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(leaf)
	f.Add(bytes.Replace(leaf, []byte(`"payloadType"`), []byte(`"payload":"","payloadType"`), 1))
	f.Add(bytes.Replace(leaf, []byte(`"signatures":[`), []byte(`"signatures":[ `), 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := ParseLeaf(data)
		if err != nil {
			return
		}
		if !bytes.Equal(e.encode(), data) {
			t.Fatalf("%q has a second spelling", data)
		}
		if text, err := e.Statement.Marshal(); err != nil || !bytes.Equal(text, e.Payload) {
			t.Fatalf("%q: %v", e.Payload, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	payload, err := deletion().Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	for i := range 5 {
		seed := rapid.Custom(drawStatement).Example(i)
		if text, err := seed.Marshal(); err == nil {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse(data)
		if err != nil {
			return
		}
		if text, err := s.Marshal(); err != nil || !bytes.Equal(text, data) {
			t.Fatalf("%q: %v", data, err)
		}
	})
}
