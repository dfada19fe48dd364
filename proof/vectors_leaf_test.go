package proof_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"vitrine/proof/prooftest"
	"vitrine/proof/statement"
)

func author(name string) statement.Signer {
	seed := prooftest.Seed("author " + name)
	return statement.NewSigner(ed25519.NewKeyFromSeed(seed[:]))
}

func digestOf(name string) statement.Digest { return sha256.Sum256([]byte(name)) }

func hashOf(name string) tlog.Hash { return tlog.Hash(sha256.Sum256([]byte(name))) }

func subjects(names ...string) []statement.Subject {
	var all []statement.Subject
	for _, name := range names {
		all = append(all, statement.Subject{Name: name, SHA256: digestOf(name)})
	}
	return all
}

var vectorSource = statement.Source{Repo: "https://code.example/vitrine", Commit: strings.Repeat("0123456789", 4)}

func vectorBundle(channel string, serial int64) statement.Statement {
	b := statement.RuleBundle{
		Urgent: channel == statement.UrgentChannel, Channel: channel, Serial: serial, Size: 1 << 20, Blob: digestOf("blob"), Source: vectorSource,
		Review: []string{"rules team"}, NotBefore: prooftest.Now(), Expires: prooftest.Now().Add(168 * time.Hour), EngineMin: "1.4",
	}
	if serial > 1 {
		b.Prev = hashOf("the bundle before")
	}
	return statement.Statement{Subject: subjects(statement.BundleName(channel, serial)), Predicate: b}
}

// vectorStatements is one statement of each type, and more where types differ.
func vectorStatements() map[string]statement.Statement {
	now := prooftest.Now()
	of := func(p statement.Predicate, names ...string) statement.Statement {
		return statement.Statement{Subject: subjects(names...), Predicate: p}
	}
	return map[string]statement.Statement{
		"rule bundle":        vectorBundle("core", 123),
		"first rule bundle":  vectorBundle("core", 1),
		"urgent rule bundle": vectorBundle("urgent", 7),
		"rule bundle of the largest serial": func() statement.Statement {
			return vectorBundle("core", 1<<53-1)
		}(),
		"rule revocation": of(statement.RuleRevoke{Channel: "core", Serial: 123, Bundle: hashOf("bundle"), Reason: "false alarm on \"ls\" \\ résumé ☃"}, "rules/core/000123.bundle"),
		"release": of(statement.Release{
			Version: "1.4.0", Serial: 2, Prev: hashOf("1.3.0"), Source: vectorSource, Archive: digestOf("archive"),
			Toolchain: statement.Toolchain{Version: "go1.26.8", H1: "h1:" + base64.StdEncoding.EncodeToString(make([]byte, 32))}, GoSum: digestOf("go.sum"),
			Build: statement.Build{Command: []string{"go", "build", "-trimpath", "-ldflags=-s -w -buildid="}, Env: []string{"CGO_ENABLED=0", "GOFLAGS="}},
			SBOM:  subjects("release/1.4.0/vitrine.cdx.json"), Provenance: digestOf("provenance"),
		}, "release/1.4.0/vitrine_linux_amd64", "release/1.4.0/vitrine_linux_arm64"),
		"rebuild":    of(statement.Rebuild{Release: hashOf("release"), Version: "1.4.0", Rebuilder: author("R1").Key().ID, Result: statement.Match, Environment: digestOf("environment")}, "release/1.4.0/vitrine_linux_amd64"),
		"relocation": of(statement.Relocation{What: "sample store", From: "A", To: "B", Evidence: []statement.Digest{digestOf("report")}, Time: now}, "certificates/relocation-1.txt"),
		"deletion":   of(statement.Deletion{Commitment: statement.Commit(prooftest.Seed("salt"), []byte("record")), Method: "key destroyed", Time: now}, "certificates/deletion-1.txt"),
		"sharing":    of(statement.Sharing{Commitment: statement.Commit(prooftest.Seed("salt"), []byte("record")), Parties: []string{"CERT A", "CERT B"}, Class: "hashes", Event: statement.Started, Time: now}, "agreements/a-b.txt"),
		"collected":  of(statement.Custody{Commitment: statement.Commit(prooftest.Seed("salt"), []byte("record")), Event: statement.Collected, Time: now}, "evidence/7f3a"),
		"sealed":     of(statement.Custody{Commitment: statement.Commit(prooftest.Seed("salt"), []byte("record")), Event: statement.Sealed, Prev: hashOf("collected"), Time: now}, "evidence/7f3a"),
		"trust":      of(statement.Trust{File: statement.TrustPolicy, Version: 2, Prev: hashOf("policy 1"), EffectiveNotBefore: now}, "trust/policy.txt"),
	}
}

func statementCases() []vector {
	var cases []vector
	data := func(name, s, refused string) {
		cases = append(cases, vector{Name: name, In: input{Data: []byte(s)}, Refused: refused})
	}
	all := vectorStatements()
	text := map[string]string{}
	for _, name := range sortedNames(all) {
		payload, err := all[name].Marshal()
		if err != nil {
			panic(fmt.Sprintf("%s: %v", name, err))
		}
		text[name] = string(payload)
		data(name, string(payload), "")
	}
	good := text["rule bundle"]
	change := func(name, old, new, refused string) { data(name, replaced(good, old, new), refused) }
	data("empty", "", "end of text")
	data("only a number", "1", "expected an object")
	change("space behind a colon", `"channel":"core"`, `"channel": "core"`, "without space")
	change("space behind a comma", `,"channel"`, `, "channel"`, "without space")
	data("space before", " "+good, "without space")
	data("line end behind", good+"\n", "behind the end")
	data("second value behind", good+good, "behind the end")
	data("byte order mark", "\ufeff"+good, "expected a string")
	change("key twice", `"channel":"core",`, `"channel":"core","channel":"core",`, `key "channel" twice`)
	change("key twice with another value", `"serial":123,`, `"serial":123,"serial":124,`, `key "serial" twice`)
	change("keys in another order", `"blob":`, `"z":0,"blob":`, "ascending order")
	change("key of another case", `"channel":`, `"Channel":`, "ascending order")
	change("unknown key", `"channel":"core",`, `"channel":"core","colour":"red",`, "unknown keys")
	change("unknown key in an object inside", `"engine":{"min"`, `"engine":{"max":"2","min"`, "unknown keys")
	change("unknown key at the top", `"_type"`, `"A":1,"_type"`, "unknown keys")
	change("second digest", `"digest":{"sha256"`, `"digest":{"sha1":"00","sha256"`, "unknown keys")
	change("key missing", `"channel":"core",`, ``, "missing")
	change("null", `"channel":"core"`, `"channel":null`, "expected a string, a number")
	change("true", `"channel":"core"`, `"channel":true`, "expected a string, a number")
	change("number for a string", `"channel":"core"`, `"channel":7`, "expected a string")
	change("string for a number", `"serial":123`, `"serial":"123"`, "expected a number")
	change("array for an object", `"engine":{"min":"1.4"}`, `"engine":["1.4"]`, "expected an object")
	change("object for an array", `"review":["rules team"]`, `"review":{"a":"rules team"}`, "expected an array")
	change("number in an array of strings", `["rules team"]`, `["rules team",1]`, "strings only")
	change("fraction", `"serial":123`, `"serial":123.0`, "without fraction")
	change("exponent", `"serial":123`, `"serial":123e0`, "without fraction")
	change("exponent of zero", `"serial":123`, `"serial":0E1`, "without fraction")
	change("leading zero", `"serial":123`, `"serial":0123`, "leading zero")
	change("negative number", `"serial":123`, `"serial":-123`, "number from 0")
	change("negative zero", `"serial":123`, `"serial":-0`, "number from 0")
	change("plus sign", `"serial":123`, `"serial":+123`, "number from 0")
	change("2^53", `"serial":123`, `"serial":9007199254740992`, "number above")
	change("2^64 and more", `"serial":123`, `"serial":18446744073709551739`, "number above")
	change("number of 400 digits", `"serial":123`, `"serial":1`+strings.Repeat("0", 400), "number above")
	change("escape \\u of a letter", `"core"`, `"\u0063ore"`, "escape")
	change("escape \\n", `"rules team"`, `"rules\nteam"`, "escape")
	change("escaped solidus", `"rules team"`, `"rules\/team"`, "escape")
	change("surrogate alone", `"rules team"`, `"\ud800"`, "escape")
	change("surrogate in UTF-8", `"rules team"`, "\"\xed\xa0\x80\"", "valid UTF-8")
	change("overlong UTF-8", `"rules team"`, "\"\xc0\xaf\"", "valid UTF-8")
	change("byte that is no UTF-8", `"rules team"`, "\"\xff\"", "valid UTF-8")
	change("beyond Unicode", `"rules team"`, "\"\xf4\x90\x80\x80\"", "valid UTF-8")
	change("line end in a string", `"rules team"`, "\"rules\nteam\"", "control character")
	change("zero byte in a string", `"rules team"`, "\"rules\x00team\"", "control character")
	change("delete in a string", `"rules team"`, "\"rules\x7fteam\"", "control character")
	change("C1 control in a string", `"rules team"`, "\"rules\u0085team\"", "control character")
	change("line separator in a string", `"rules team"`, "\"rules\u2028team\"", "control character")
	change("right-to-left override in a string", `"rules team"`, "\"rules\u202eteam\"", "control character")
	change("isolate in a string", `"rules team"`, "\"rules\u2066team\"", "control character")
	change("byte order mark in a string", `"rules team"`, "\"\ufeffteam\"", "control character")
	change("single quotes", `"core"`, `'core'`, "expected a string")
	change("comma at the end", `["rules team"]`, `["rules team",]`, "expected a string")
	change("nested too deep", `["rules team"]`, strings.Repeat("[", 9)+strings.Repeat("]", 9), "nested deeper")
	change("too many in an array", `["rules team"]`, `["a"`+strings.Repeat(`,"a"`, 1024)+`]`, "more than 1024")
	data("cut off", good[:len(good)-1], "end of text")
	data("cut off in a string", good[:20], "end of text")
	cases = append(cases, padded("too large", []byte(good), 65536, "at most 65535"))
	data("deep and never closed", strings.Repeat("[", 1000), "nested deeper")

	change("another _type", "Statement/v1", "Statement/v0.1", "_type")
	change("unknown predicate type", "rule-bundle:v1", "rule-bundle:v2", "unknown type")
	change("predicate type of another case", "urn:vitrine:rule-bundle", "urn:Vitrine:rule-bundle", "unknown type")
	change("type of another predicate", "rule-bundle:v1", "deletion:v1", "missing")
	change("urgent type for another channel", "rule-bundle:v1", "rule-bundle-urgent:v1", "for no other")
	data("urgent channel without the type", replaced(text["urgent rule bundle"], "rule-bundle-urgent:v1", "rule-bundle:v1"), "for no other")
	change("no subject", good[strings.Index(good, `"subject":`):], `"subject":[]}`, "no subject")
	change("subject of another channel", `rules/core/000123.bundle`, `rules/other/000123.bundle`, "expected \"rules/core")
	change("subject of another serial", `000123.bundle`, `000124.bundle`, "expected \"rules/core")
	change("serial without zeros in the name", `000123.bundle`, `123.bundle`, "expected \"rules/core")
	change("two subjects", `}]}`, `},{"digest":{"sha256":"`+strings.Repeat("00", 32)+`"},"name":"s"}]}`, "alone")
	change("channel in upper case", `"channel":"core"`, `"channel":"Core"`, "lower-case")
	change("channel that begins with a hyphen", `"channel":"core"`, `"channel":"-core"`, "a letter first")
	change("empty channel", `"channel":"core"`, `"channel":""`, "lower-case")
	change("serial zero", `"serial":123`, `"serial":0`, "one from 1")
	change("size zero", `"size":1048576`, `"size":0`, "size 0")
	change("first serial with prev", `"serial":123`, `"serial":1`, "alone")
	data("first bundle with prev", replaced(text["first rule bundle"], `"prev":"00`, `"prev":"01`), "64 zeros")
	change("later bundle without prev", hex.EncodeToString(hashBytes("the bundle before")), strings.Repeat("00", 32), "64 zeros")
	change("digest in upper case", hex.EncodeToString(hashBytes("blob")), strings.ToUpper(hex.EncodeToString(hashBytes("blob"))), "lower-case hex")
	change("digest of 31 bytes", hex.EncodeToString(hashBytes("blob")), strings.Repeat("00", 31), "64 of hex")
	change("digest that is no hex", hex.EncodeToString(hashBytes("blob")), strings.Repeat("0g", 32), "lower-case hex")
	change("time with a fraction", `"notBefore":"2026-06-01T12:00:00Z"`, `"notBefore":"2026-06-01T12:00:00.5Z"`, "expected a time")
	change("time with an offset", `"notBefore":"2026-06-01T12:00:00Z"`, `"notBefore":"2026-06-01T12:00:00+00:00"`, "expected a time")
	change("time in lower case", `"notBefore":"2026-06-01T12:00:00Z"`, `"notBefore":"2026-06-01t12:00:00z"`, "expected a time")
	change("day that does not exist", `"notBefore":"2026-06-01T12:00:00Z"`, `"notBefore":"2026-02-30T12:00:00Z"`, "expected a time")
	change("leap second", `"notBefore":"2026-06-01T12:00:00Z"`, `"notBefore":"2026-06-01T23:59:60Z"`, "expected a time")
	change("time before 1970", `"notBefore":"2026-06-01T12:00:00Z"`, `"notBefore":"1969-06-01T12:00:00Z"`, "expected a time")
	change("expires before it begins", `"expires":"2026-06-08T12:00:00Z"`, `"expires":"2026-06-01T12:00:00Z"`, "before expires")
	change("commit of 39 characters", vectorSource.Commit, vectorSource.Commit[1:], "source.commit")
	change("commit in upper case", vectorSource.Commit, strings.ToUpper("a"+vectorSource.Commit[1:]), "source.commit")
	change("repo with a space", "https://code.example/vitrine", "https://code.example/vitrine x", "without spaces")
	change("rollout beyond the end", `"rollout":0`, `"rollout":604800`, "before expires")
	change("rollout of over a week", `"rollout":0`, `"rollout":604801`, "at most 604800")
	change("empty reviewer", `["rules team"]`, `[""]`, "review")
	change("engine version with a path", `"min":"1.4"`, `"min":"../1.4"`, "version")

	data("revocation without a bundle", replaced(text["rule revocation"], hex.EncodeToString(hashBytes("bundle")), strings.Repeat("00", 32)), "zero")
	data("revocation without a reason", replaced(text["rule revocation"], `"reason":"`, `"reason":" `), "without space")
	release := text["release"]
	data("release with a binary of another version", replaced(release, "release/1.4.0/vitrine_linux_arm64", "release/1.5.0/vitrine_linux_arm64"), "expected release/1.4.0/FILE")
	data("release with a binary in a folder", replaced(release, "release/1.4.0/vitrine_linux_arm64", "release/1.4.0/x/vitrine_linux_arm64"), "expected release/1.4.0/FILE")
	data("release with a path upwards", replaced(release, "release/1.4.0/vitrine_linux_arm64", "release/1.4.0/../vitrine_linux_arm64"), "not beginning with a dot")
	data("release with subjects in another order", swap(release, "vitrine_linux_amd64", "vitrine_linux_arm64"), "ascending names")
	data("release with a subject twice", replaced(release, "vitrine_linux_arm64", "vitrine_linux_amd64"), "ascending names")
	data("release without a bill of materials", replaced(release, release[strings.Index(release, `"sbom":`):strings.Index(release, `,"serial"`)], `"sbom":[]`), "sbom")
	data("release without a command", replaced(release, `["go","build","-trimpath","-ldflags=-s -w -buildid="]`, `[]`), "no command")
	data("release with a variable twice", replaced(release, `"GOFLAGS="`, `"CGO_ENABLED=1"`), "ascending order")
	data("release with a variable without a value", replaced(release, `"GOFLAGS="`, `"GOFLAGS"`), "NAME=VALUE")
	data("release with another toolchain sum", replaced(release, `"h1:`, `"h2:`), "toolchain.h1")
	data("release without a version", replaced(release, `"version":"1.4.0"`, `"version":""`), "version")
	data("first release with prev", replaced(release, `"serial":2`, `"serial":1`), "64 zeros")
	data("release of serial 0", replaced(release, `"serial":2`, `"serial":0`), "one from 1")
	data("release without a toolchain", replaced(release, `"version":"go1.26.8"`, `"version":""`), "toolchain.version")
	data("rebuild of no version", replaced(text["rebuild"], `"version":"1.4.0"`, `"version":"latest"`), "version")
	data("rebuild of another version's binary", replaced(text["rebuild"], "release/1.4.0/", "release/1.5.0/"), "expected release/1.4.0/FILE")
	data("rebuild with another result", replaced(text["rebuild"], `"match"`, `"maybe"`), "match, mismatch")
	data("rebuild of no release", replaced(text["rebuild"], hex.EncodeToString(hashBytes("release")), strings.Repeat("00", 32)), "zero")
	data("rebuild by no key", replaced(text["rebuild"], author("R1").Key().ID, "R1"), "rebuilder")
	data("relocation without evidence", replaced(text["relocation"], `["`+digestOf("report").String()+`"]`, `[]`), "no evidence")
	data("relocation with evidence that is no digest", replaced(text["relocation"], digestOf("report").String(), "report"), "evidence")
	commitment := statement.Commit(prooftest.Seed("salt"), []byte("record")).String()
	data("deletion without a commitment", replaced(text["deletion"], commitment, strings.Repeat("00", 32)), "commitment")
	data("sharing with one party", replaced(text["sharing"], `["CERT A","CERT B"]`, `["CERT A"]`), "two parties")
	data("sharing with a party without a name", replaced(text["sharing"], `["CERT A","CERT B"]`, `["","CERT B"]`), "party")
	data("deletion with two certificates", replaced(text["deletion"], `"subject":[`, `"subject":[{"digest":{"sha256":"`+strings.Repeat("00", 32)+`"},"name":"a"},`), "one subject")
	data("sharing with a party twice", replaced(text["sharing"], `["CERT A","CERT B"]`, `["CERT A","CERT A"]`), "ascending order")
	data("sharing with another event", replaced(text["sharing"], `"started"`, `"paused"`), "started, ended")
	data("custody that begins with a link", replaced(text["collected"], `"prev":"00`, `"prev":"01`), "64 zeros")
	data("custody without a link", replaced(text["collected"], `"collected"`, `"opened"`), "64 zeros")
	data("custody with another event", replaced(text["sealed"], `"sealed"`, `"lost"`), "collected, sealed")
	data("trust in another file", replaced(text["trust"], `"policy"`, `"mirrors"`), "root, policy, targets")
	data("trust of version 0", replaced(text["trust"], `"version":2`, `"version":0`), "one from 1")
	data("trust of version 1 with a link", replaced(text["trust"], `"version":2`, `"version":1`), "64 zeros")
	return cases
}

func hashBytes(name string) []byte { h := hashOf(name); return h[:] }

func swap(s, a, b string) string {
	return strings.NewReplacer(a, b, b, a).Replace(s)
}

func sortedNames[V any](m map[string]V) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	return sorted(names)
}

func leafCases() []vector {
	var cases []vector
	a, b, c := author("A"), author("B"), author("C")
	keys := []string{hex.EncodeToString(a.Key().Public), hex.EncodeToString(b.Key().Public), hex.EncodeToString(c.Key().Public)}
	data := func(name string, leaf []byte, threshold int, refused string, keys ...string) {
		cases = append(cases, vector{Name: name, In: input{Data: leaf, Keys: keys, Threshold: threshold}, Refused: refused})
	}
	sign := func(s statement.Statement, signers ...statement.Signer) []byte {
		leaf, err := statement.Sign(s, signers...)
		if err != nil {
			panic(err)
		}
		return leaf
	}
	s := vectorBundle("core", 123)
	two := sign(s, a, b)
	for _, name := range sortedNames(vectorStatements()) {
		data(name, sign(vectorStatements()[name], a), 1, "", keys...)
	}
	data("two of three", two, 2, "", keys...)
	data("signers in another order give the same leaf", sign(s, b, a), 2, "", keys...)
	data("three where two are needed", sign(s, a, b, c), 2, "", keys...)
	data("a stranger signed too", sign(s, a, b, author("X")), 2, "", keys...)
	data("a key listed twice", two, 2, "", append(keys, keys...)...)

	data("one of two needed", sign(s, a), 2, "signed by 1", keys...)
	data("one key listed twice does not count twice", sign(s, a), 2, "signed by 1", keys[0], keys[1], keys[0])
	data("strangers only", sign(s, author("X"), author("Y")), 1, "signed by 0", keys...)
	data("threshold 0", two, 0, "threshold 0", keys...)
	data("negative threshold", two, -1, "threshold -1", keys...)
	data("threshold beyond the keys", two, 4, "threshold 4", keys...)
	data("threshold beyond the different keys", two, 2, "threshold 2", keys[0], keys[0])
	data("no keys", two, 1, "expected 1 to the 0")
	data("key of small order", two, 1, "small order", strings.Repeat("00", 32))

	text := string(two)
	change := func(name, old, new, refused string) {
		data(name, []byte(replaced(text, old, new)), 2, refused, keys...)
	}
	sigs := text[strings.Index(text, `[{"keyid"`)+1 : len(text)-2]
	first, second := sigs[:len(sigs)/2], sigs[len(sigs)/2+1:]
	change("signatures in another order", sigs, second+","+first, "ascending key IDs")
	change("one signature twice", sigs, first+","+first, "ascending key IDs")
	change("no signatures", sigs, "", "expected 1 to 16")
	change("17 signatures", sigs, strings.Repeat(first+",", 16)+first, "expected 1 to 16")
	change("signature under another's name", sigs, replaced(first, keyIDIn(first), keyIDIn(second)), "not valid")
	change("changed signature", sigs, first+","+flipSig(second), "not valid")
	change("signature of 63 bytes", sigs, first+","+replaced(second, sigIn(second), base64.StdEncoding.EncodeToString(make([]byte, 63))), "64 bytes")
	change("signature with stray bits", sigs, first+","+replaced(second, sigIn(second), strayBits(sigIn(second))), "64 bytes")
	change("signature with a line end", sigs, first+","+replaced(second, sigIn(second), sigIn(second)[:8]+`\n`+sigIn(second)[8:]), "escape")
	change("key ID in upper case", keyIDIn(second), strings.ToUpper(keyIDIn(second)), "lower-case hex")
	change("short key ID", keyIDIn(second), keyIDIn(second)[:8], "expected 64")
	change("another payload type", "application/vnd.in-toto+json", "application/json", "payloadType")
	change("payload type of another case", "application/vnd.in-toto+json", "application/vnd.in-toto+JSON", "payloadType")
	change("no payload type", `"payloadType":"application/vnd.in-toto+json",`, "", "missing")
	change("unknown key", `"payloadType"`, `"payloadHash":"","payloadType"`, "unknown keys")
	change("payload twice", `"payloadType"`, `"payload":"","payloadType"`, "twice")
	change("payload in base64url", payloadIn(text), "-_"+payloadIn(text)[2:], "payload: expected standard base64")
	change("payload that is no statement", payloadIn(text), base64.StdEncoding.EncodeToString([]byte("{}")), "missing")
	change("payload of another statement", payloadIn(text), payloadIn(string(sign(vectorBundle("core", 124), a))), "not valid")
	change("payload with a space", payloadIn(text), base64.StdEncoding.EncodeToString(append(payloadOf(s), ' ')), "behind the end")
	change("unknown type", payloadIn(text), base64.StdEncoding.EncodeToString(bytes.Replace(payloadOf(s), []byte("rule-bundle:v1"), []byte("advert:v1"), 1)), "unknown type")
	change("signed without the payload type", sigs, rawSignature(s), "not valid")
	data("line end behind", []byte(text+"\n"), 2, "behind the end", keys...)
	data("space before", []byte(" "+text), 2, "without space", keys...)
	data("empty", nil, 1, "end of text", keys...)
	cases = append(cases, padded("too large", two, 65536, "at most 65535"))
	return cases
}

func payloadOf(s statement.Statement) []byte {
	payload, err := s.Marshal()
	if err != nil {
		panic(err)
	}
	return payload
}

// field gives the value of the first key in a text of plain strings.
func field(text, key string) string {
	_, rest, ok := strings.Cut(text, `"`+key+`":"`)
	value, _, end := strings.Cut(rest, `"`)
	if !ok || !end {
		panic("no " + key)
	}
	return value
}

func keyIDIn(text string) string   { return field(text, "keyid") }
func sigIn(text string) string     { return field(text, "sig") }
func payloadIn(text string) string { return field(text, "payload") }

func flipSig(text string) string {
	sig := sigIn(text)
	raw, err := base64.StdEncoding.DecodeString(sig)
	if err != nil {
		panic(err)
	}
	raw[40] ^= 1
	return replaced(text, sig, base64.StdEncoding.EncodeToString(raw))
}

// rawSignature is by author A over the payload alone, without DSSE's encoding.
func rawSignature(s statement.Statement) string {
	sig, err := author("A").Sign(payloadOf(s))
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"keyid":"%s","sig":"%s"}`, author("A").Key().ID, base64.StdEncoding.EncodeToString(sig))
}
