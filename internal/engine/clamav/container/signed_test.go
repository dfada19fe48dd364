package container

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/big"
	"strings"
	"sync"
	"testing"
)

// maker signs containers as ClamAV's makers do, with keys of its own.
type maker struct{ header, list *rsa.PrivateKey }

// twoMakers are made once: that takes longest.
var twoMakers = sync.OnceValue(func() (out [2]maker) {
	for i := range out {
		out[i] = maker{newKey(1024), newKey(8 * pssSize)}
	}
	return out
})

func newKey(bits int) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return k
}

func (m maker) keys() publicKeys {
	of := func(k *rsa.PrivateKey) publicKey { return publicKey{k.N.String(), fmt.Sprint(k.E)} }
	return publicKeys{of(m.header), of(m.list)}
}

// spelled writes a number as signatures are written.
func spelled(n *big.Int) string {
	const digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"
	var out strings.Builder
	for n = new(big.Int).Set(n); n.Sign() > 0; n.Rsh(n, 6) {
		out.WriteByte(digits[n.Uint64()&63])
	}
	return out.String()
}

// info writes the signed list of files.
func (m maker) info(t *testing.T, files ...string) string {
	t.Helper()
	text := "ClamAV-VDB:01 Jan 2026 00-00 +0000:7:1:90:X:X:me:1\n"
	for i := 0; i+1 < len(files); i += 2 {
		text += fmt.Sprintf("%s:%d:%x\n", files[i], len(files[i+1]), sha256.Sum256([]byte(files[i+1])))
	}
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPSS(rand.Reader, m.list, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: pssSalt})
	if err != nil {
		t.Fatal(err)
	}
	return text + "DSIG:" + spelled(new(big.Int).SetBytes(signature)) + "\n"
}

// sign puts the signature of its MD5 into a container.
func (m maker) sign(t *testing.T, b []byte) []byte {
	t.Helper()
	h, err := ParseHeader(b)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := hex.DecodeString(h.MD5)
	if err != nil {
		t.Fatal(err)
	}
	signature := spelled(new(big.Int).Exp(new(big.Int).SetBytes(digest), m.header.D, m.header.N))
	head := strings.Replace(strings.TrimRight(string(b[:HeaderSize]), " "), ":abc:", ":"+signature+":", 1)
	return append([]byte(head+strings.Repeat(" ", HeaderSize-len(head))), b[HeaderSize:]...)
}

// TestOfficial: what is signed as ClamAV's makers sign is official, and every
// way to change it is seen.
func TestOfficial(t *testing.T) {
	m := twoMakers()[0]
	info := m.info(t, "a.hdb", "one\n", "b.ndb", "two\n")
	other := twoMakers()[1].info(t, "a.hdb", "one\n")
	good := []string{"a.hdb", "one\n", "b.ndb", "two\n", "x.info", info}
	for _, c := range []struct {
		name     string
		files    []string
		updated  bool
		list     State
		official bool
		detail   string
	}{
		{"as signed", good, false, Good, true, ""},
		{"updated", good, true, Good, true, ""},
		{"with its licence", append([]string{"COPYING", "text"}, good...), true, Good, true, ""},
		{"less of it", good[2:], true, Good, true, ""},
		{"without a list", good[:4], false, Absent, true, ""},
		{"without a list, updated", good[:4], true, Absent, false, ""},
		{"a file changed", []string{"a.hdb", "One\n", "x.info", info}, true, Bad, false, `"a.hdb" is not the file`},
		{"a file added", append([]string{"c.hdb", "three\n"}, good...), true, Bad, false, `"c.hdb" is not in`},
		{"a file added, signed header", append([]string{"c.hdb", "three\n"}, good...), false, Bad, false, `"c.hdb" is not in`},
		{"the list changed", []string{"a.hdb", "one\n", "x.info", strings.Replace(info, "a.hdb:4", "a.hdb:5", 1)}, true, Bad, false, "signature"},
		{"somebody else's list", []string{"a.hdb", "one\n", "x.info", other}, true, Bad, false, "signature"},
	} {
		b := build(t, true, c.files...)
		if !c.updated {
			b = m.sign(t, b)
		}
		_, trust, err := readWith(m.keys(), bytes.NewReader(b), c.updated, func(string, io.Reader) error { return nil })
		if err != nil || trust.List != c.list || trust.Official() != c.official || !strings.Contains(trust.Detail, c.detail) {
			t.Errorf("%s: %+v, official %v, %v", c.name, trust, trust.Official(), err)
		}
	}
}

// TestSignedHeader: the signature is of this MD5, by this key.
func TestSignedHeader(t *testing.T) {
	m, other := twoMakers()[0], twoMakers()[1]
	b := m.sign(t, build(t, false, "a.hdb", "one\n"))
	for name, c := range map[string]struct {
		by   maker
		data []byte
		md5  State
		want State
	}{
		"signed":         {m, b, Good, Good},
		"by another":     {other, b, Good, Bad},
		"another's text": {m, append(bytes.Clone(b[:HeaderSize]), build(t, false, "a.hdb", "two\n")[HeaderSize:]...), Bad, Good},
	} {
		_, trust, err := readWith(c.by.keys(), bytes.NewReader(c.data), false, func(string, io.Reader) error { return nil })
		if err != nil || trust.MD5 != c.md5 || trust.Header != c.want || trust.Official() != (c.md5 == Good && c.want == Good) {
			t.Errorf("%s: %+v %v", name, trust, err)
		}
	}
}
