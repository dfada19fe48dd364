package proof_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	fnote "github.com/transparency-dev/formats/note"
	fproof "github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"vitrine/proof"
	"vitrine/proof/prooftest"
)

// wantError fails unless err says want; with an empty want, unless it is nil.
func wantError(t interface {
	Helper()
	Errorf(string, ...any)
}, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && err == nil:
		t.Errorf("accepted, expected an error with %q", want)
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("error %q, expected one with %q", err, want)
	}
}

func TestCheckpointRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := proof.Checkpoint{
			Origin:     rapid.StringMatching(`[!-~äß☃]{1,40}`).Draw(t, "origin"),
			Size:       rapid.Int64Range(1, proof.MaxTreeSize).Draw(t, "size"),
			Root:       tlog.Hash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "root")),
			Extensions: rapid.SliceOfN(rapid.StringMatching(`[ -~]{1,20}`), 0, 4).Draw(t, "extensions"),
		}
		got, err := proof.ParseCheckpoint(want.Text())
		if err != nil {
			t.Fatal(err)
		}
		if got.Text() != want.Text() || got.Origin != want.Origin || got.Size != want.Size || got.Root != want.Root || len(got.Extensions) != len(want.Extensions) {
			t.Fatalf("%+v, expected %+v", got, want)
		}
	})
}

func TestOpenCheckpoint(t *testing.T) {
	log, other := prooftest.NewLog("log.example/a"), prooftest.NewLog("log.example/b")
	log.AppendNumbered(3)
	v, _ := note.NewVerifier(log.VKey)
	c := log.Checkpoint(3)
	got, n, err := proof.OpenCheckpoint(log.Sign(c, other.Signer), v)
	if err != nil || got.Text() != c.Text() || len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 1 {
		t.Errorf("%+v, %+v, %v", got, n, err)
	}
	foreign := c
	foreign.Origin = "log.example/b"
	empty := proof.Checkpoint{Origin: c.Origin}
	for name, test := range map[string]struct {
		msg  []byte
		want string
	}{
		"signed by another log":  {other.Sign(c), "no verifiable signatures"},
		"of another log":         {log.Sign(foreign), `origin "log.example/b", expected "log.example/a"`},
		"changed":                {bytes.Replace(log.Sign(c), []byte("\n3\n"), []byte("\n4\n"), 1), "invalid signature"},
		"no checkpoint":          {log.Sign(proof.Checkpoint{Origin: "a\nb", Root: proof.EmptyRoot()}), "tree size"},
		"empty tree with a root": {log.Sign(empty), "empty tree"},
	} {
		_, _, err := proof.OpenCheckpoint(test.msg, v)
		t.Run(name, func(t *testing.T) { wantError(t, err, test.want) })
	}
	if _, _, err := proof.OpenCheckpoint(log.Sign(empty), v); !errors.Is(err, proof.ErrEmptyRoot) {
		t.Errorf("%v, expected ErrEmptyRoot", err)
	}
}

// A signature's base64 has stray bits behind its last byte, which the standard
// library's decoder passes over.
func TestNoteHasOneSpelling(t *testing.T) {
	log := prooftest.NewLog("log.example/a")
	v, _ := note.NewVerifier(log.VKey)
	msg := log.Sign(log.Checkpoint(0))
	i := bytes.LastIndexByte(msg, '=')
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	respelled := bytes.Clone(msg)
	respelled[i-1] = alphabet[strings.IndexByte(alphabet, msg[i-1])^1]
	if _, err := note.Open(respelled, note.VerifierList(v)); err != nil {
		t.Fatalf("note.Open refuses the second spelling, this test shows nothing: %v", err)
	}
	_, err := proof.OpenNote(respelled, v)
	wantError(t, err, "no stray bits")
}

func TestNoteLimits(t *testing.T) {
	log := prooftest.NewLog("log.example/a")
	v, _ := note.NewVerifier(log.VKey)
	msg := string(log.Sign(log.Checkpoint(0)))
	line := "— w " + base64.StdEncoding.EncodeToString(make([]byte, 8)) + "\n"
	for name, test := range map[string]struct{ msg, want string }{
		"100 signatures":        {msg + strings.Repeat(line, 99), ""},
		"101 signatures":        {msg + strings.Repeat(line, 100), "101 signatures"},
		"16 ML-DSA signatures":  {msg + strings.Repeat("— w "+base64.StdEncoding.EncodeToString(make([]byte, 4+8+2420))+"\n", 16), ""},
		"too large":             {msg + "— w " + strings.Repeat("AAAA", proof.MaxNote/4) + "\n", "at most"},
		"no signature":          {strings.SplitAfter(msg, "\n\n")[0], "line end"},
		"no empty line":         {strings.Replace(msg, "\n\n", "\n", 1), "empty line"},
		"no line end":           {strings.TrimSuffix(msg, "\n"), "line end"},
		"hyphen for a dash":     {msg + strings.Replace(line, "—", "-", 1), "em dash"},
		"carriage return":       {strings.Replace(msg, "\n— ", "\r\n— ", 1), ""},
		"signature of no bytes": {msg + "— w AAAAAA==\n", "4 and a signature"},
		"name with a plus":      {msg + "— w+ AAAAAAA=\n", "no space, plus"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "carriage return" {
				test.want = "empty line"
			}
			_, err := proof.OpenNote([]byte(test.msg), v)
			wantError(t, err, test.want)
		})
	}
}

// Each weak key accepts a signature that was made without any private key. That
// is why they are refused, and it shows that the table holds the right points.
func TestWeakKeysAcceptForgeries(t *testing.T) {
	identity := make([]byte, 64) // R is the neutral point, s is zero
	identity[0] = 1
	for _, y := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	} {
		for _, sign := range []byte{0, 0x80} {
			var pub []byte
			fmt.Sscanf(y, "%x", &pub)
			pub[31] |= sign
			forged := false
			for i := range 200 {
				forged = forged || ed25519.Verify(pub, fmt.Appendf(nil, "message %d", i), identity)
			}
			if !forged {
				t.Errorf("key %x accepted no forgery in 200", pub)
			}
			wantError(t, proof.CheckPublic(pub), "small order")
		}
	}
	notReduced := bytes.Repeat([]byte{0xff}, 32)
	notReduced[0], notReduced[31] = 0xf0, 0x7f // y = p+3
	wantError(t, proof.CheckPublic(notReduced), "not reduced")
	wantError(t, proof.CheckPublic(notReduced[:31]), "31 bytes")
	for range 50 {
		pub, _, _ := ed25519.GenerateKey(rand.Reader)
		wantError(t, proof.CheckPublic(pub), "")
	}
}

func TestKeyRoundTrip(t *testing.T) {
	log, witness := prooftest.NewLog("log.example/a"), prooftest.NewWitness("w.example")
	for _, vkey := range []string{log.VKey, witness.VKey} {
		k, err := proof.ParseKey(vkey)
		if err != nil || k.String() != vkey {
			t.Errorf("%s read as %s, %v", vkey, k, err)
		}
		v, err := k.Verifier()
		if err != nil || v.Name() != k.Name || v.KeyHash() != k.ID {
			t.Errorf("verifier %v of %s, %v", v, vkey, err)
		}
	}
	if _, err := proof.NewCosignatureVerifier(log.VKey); err == nil {
		t.Error("a log's key verifies cosignatures")
	}
	if _, err := (proof.Key{Algorithm: 9}).Verifier(); err == nil {
		t.Error("a verifier of an unknown algorithm")
	}
}

// The peer's implementation of the same specification verifies our cosignatures,
// and ours verifies the peer's.
func TestCosignatureAgreesWithPeer(t *testing.T) {
	log := prooftest.NewLog("log.example/a")
	log.AppendNumbered(5)
	w := prooftest.NewWitness("w.example/1")
	msg := log.Sign(log.Checkpoint(5), w)

	peer, err := fnote.NewVerifierForCosignatureV1(w.VKey)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(msg, note.VerifierList(peer))
	if err != nil || len(n.Sigs) != 1 {
		t.Fatalf("the peer refuses our cosignature: %v", err)
	}
	at, err := proof.CosignatureTime(n.Sigs[0])
	if err != nil || !at.Equal(prooftest.Now()) {
		t.Errorf("time %v, %v", at, err)
	}

	skey, _, err := note.GenerateKey(rand.Reader, "w.example/2")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := fnote.NewSignerForCosignatureV1(skey)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := proof.NewCosignatureVerifier(cosignatureKeyOf(t, skey))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := proof.OpenNote(log.Sign(log.Checkpoint(5), theirs), ours); err != nil {
		t.Errorf("we refuse the peer's cosignature: %v", err)
	}
}

// What we write the peer reads as the same, and writes as the same bytes.
func TestInclusionProofAgreesWithPeer(t *testing.T) {
	log := prooftest.NewLog("log.example/a")
	log.AppendNumbered(300)
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, 300).Draw(t, "size")
		p := log.Prove(rapid.Int64Range(0, size-1).Draw(t, "index"), size, log.Sign(log.Checkpoint(size), prooftest.NewWitness("w.example")))
		if extra := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "extra"); len(extra) > 0 {
			p.Extra = extra
		}
		got, err := proof.ParseInclusionProof(p.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		var peer fproof.TLogProof
		if err := peer.Unmarshal(p.Marshal()); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(peer.Marshal(), p.Marshal()) || peer.Index != uint64(got.Index) || !bytes.Equal(peer.Checkpoint, got.Checkpoint) || !bytes.Equal(peer.ExtraData, got.Extra) {
			t.Fatalf("%+v, the peer reads %+v", got, peer)
		}
	})
}

// cosignatureKeyOf spells the key of a note signer as a cosigner's.
func cosignatureKeyOf(t *testing.T, skey string) string {
	parts := strings.SplitN(skey, "+", 5)
	seed, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil {
		t.Fatal(err)
	}
	_, vkey, err := proof.GenerateCosignatureKey(bytes.NewReader(seed[1:]), parts[2])
	if err != nil {
		t.Fatal(err)
	}
	return vkey
}

func TestCosignatureVerifier(t *testing.T) {
	w := prooftest.NewWitness("w.example")
	v, _ := proof.NewCosignatureVerifier(w.VKey)
	text := []byte(proof.Checkpoint{Origin: "log.example/a", Root: proof.EmptyRoot()}.Text())
	sig, err := w.Sign(text)
	if err != nil || !v.Verify(text, sig) {
		t.Fatalf("own cosignature is refused: %v", err)
	}
	for i := range sig {
		changed := bytes.Clone(sig)
		changed[i] ^= 1
		if v.Verify(text, changed) {
			t.Errorf("accepted with byte %d changed", i)
		}
	}
	for _, wrong := range [][]byte{nil, sig[:71], append(bytes.Clone(sig), 0)} {
		if v.Verify(text, wrong) {
			t.Errorf("accepted a signature of %d bytes", len(wrong))
		}
	}
	if v.Verify(append(text, '\n'), sig) {
		t.Error("accepted for another text")
	}
	// A time that a signed number would read as negative.
	seed := prooftest.Seed("witness w.example")
	priv := ed25519.NewKeyFromSeed(seed[:])
	for timestamp, want := range map[uint64]bool{0: true, 1: true, math.MaxInt64: true, math.MaxInt64 + 1: false} {
		sig := binary.BigEndian.AppendUint64(nil, timestamp)
		sig = append(sig, ed25519.Sign(priv, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", timestamp, text))...)
		if v.Verify(text, sig) != want {
			t.Errorf("time %d: expected %v", timestamp, want)
		}
	}
}

func TestCosignatureTime(t *testing.T) {
	encode := func(timestamp uint64, size int) note.Signature {
		raw := binary.BigEndian.AppendUint64(make([]byte, 4), timestamp)
		return note.Signature{Name: "w", Base64: base64.StdEncoding.EncodeToString(append(raw, make([]byte, size)...))}
	}
	for name, test := range map[string]struct {
		sig  note.Signature
		want string
	}{
		"first second":        {encode(1, 64), ""},
		"last second of 9999": {encode(253402300799, 64), ""},
		"zero":                {encode(0, 64), "time 0"},
		"year 10000":          {encode(253402300800, 64), "time 253402300800"},
		"largest":             {encode(math.MaxUint64, 64), "time 18446744073709551615"},
		"short":               {encode(1, 63), "75 bytes"},
		"no base64":           {note.Signature{Name: "w", Base64: "%"}, "base64"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := proof.CosignatureTime(test.sig)
			wantError(t, err, test.want)
		})
	}
}

func TestCosignatureSigner(t *testing.T) {
	now := time.Unix(1700000000, 0)
	skey, vkey, err := proof.GenerateCosignatureKey(rand.Reader, "w.example")
	if err != nil {
		t.Fatal(err)
	}
	s, err := proof.NewCosignatureSigner(skey, func() time.Time { return now })
	if err != nil || s.Key().String() != vkey {
		t.Fatalf("%v, %v", s, err)
	}
	_, err = s.Sign([]byte("anything else\n"))
	wantError(t, err, "3 to")
	now = time.Unix(0, 0)
	_, err = s.Sign([]byte(proof.Checkpoint{Origin: "o", Root: proof.EmptyRoot()}.Text()))
	wantError(t, err, "the clock says 0")

	parts := strings.SplitN(skey, "+", 5)
	for name, test := range map[string]struct{ skey, want string }{
		"verifier key":     {vkey, "begin with"},
		"too few parts":    {"PRIVATE+KEY+w", "NAME+ID+KEY"},
		"name":             {"PRIVATE+KEY+ +00000000+" + parts[4], "no space"},
		"ID":               {"PRIVATE+KEY+w.example+00000000+" + parts[4], "key ID"},
		"ID in upper case": {strings.Join(append(parts[:3:3], strings.ToUpper(parts[3])+"x", parts[4]), "+"), "key ID"},
		"base64":           {skey + "!", "base64"},
		"length":           {strings.Join(append(parts[:4:4], "BAAA"), "+"), "32 bytes"},
		"log key":          {logKey(t), "0x01"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := proof.NewCosignatureSigner(test.skey, time.Now)
			wantError(t, err, test.want)
			if err != nil && strings.Contains(err.Error(), parts[4]) {
				t.Error("the error holds the secret key")
			}
		})
	}
	_, _, err = proof.GenerateCosignatureKey(rand.Reader, "a b")
	wantError(t, err, "no space")
	_, _, err = proof.GenerateCosignatureKey(strings.NewReader("short"), "w")
	wantError(t, err, "EOF")
}

func logKey(t *testing.T) string {
	skey, _, err := note.GenerateKey(rand.Reader, "l.example")
	if err != nil {
		t.Fatal(err)
	}
	return skey
}

// Bytes that are no text, which the vectors cannot hold.
func TestTextMustBeUTF8(t *testing.T) {
	_, err := proof.ParseCheckpoint("a\xff\n0\n" + proof.EmptyRoot().String() + "\n")
	wantError(t, err, "valid UTF-8")
	_, err = proof.ParseKey(keyText("a\xff", 1, publicOf("a")))
	wantError(t, err, "valid UTF-8")
	log := prooftest.NewLog("log.example/a")
	v, _ := note.NewVerifier(log.VKey)
	msg := log.Sign(log.Checkpoint(0))
	_, err = proof.OpenNote(append(msg, "— \xff AAAAAAA=\n"...), v)
	wantError(t, err, "valid UTF-8")
	_, err = proof.OpenNote(bytes.Replace(msg, []byte("log"), []byte("l\xffg"), 1), v)
	wantError(t, err, "malformed")
}

func TestConsistencyIsOfOneLog(t *testing.T) {
	a, b := prooftest.NewLog("log.example/a").Checkpoint(0), prooftest.NewLog("log.example/b").Checkpoint(0)
	wantError(t, proof.CheckConsistency(a, b, nil), "expected one")
}
