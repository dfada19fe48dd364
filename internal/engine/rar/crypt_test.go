package rar

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
	"testing"

	"vitrine/internal/engine/archive/archivetest"
	"vitrine/internal/engine/limit"
)

func encrypt(key, iv, data []byte) []byte {
	out := slices.Concat(data, make([]byte, -len(data)&15))
	c, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	cipher.NewCBCEncrypter(c, iv).CryptBlocks(out, out)
	return out
}

func keyring() *Archive { return &Archive{c: config(limit.Limits{}), keys: map[string]keys{}} }

var salt4 = []byte("saltsalt")

// locked4 encrypts a member of the older format.
func locked4(t *testing.T, m archivetest.RARMember, password string) archivetest.RARMember {
	t.Helper()
	k, err := keyring().keys4(salt4, password)
	if err != nil {
		t.Fatal(err)
	}
	m.Packed, m.Salt = encrypt(k.key, k.iv, m.Packed), salt4
	return m
}

// hidden4 encrypts the list of members too.
func hidden4(t *testing.T, password string, members ...archivetest.RARMember) []byte {
	t.Helper()
	k, err := keyring().keys4(salt4, password)
	if err != nil {
		t.Fatal(err)
	}
	blocks := archivetest.RAR4Blocks(main4Encrypted, 0, members...)
	out := slices.Concat([]byte("Rar!\x1a\x07\x00"), blocks[0][0])
	for _, b := range blocks[1:] {
		out = slices.Concat(out, salt4, encrypt(k.key, k.iv, b[0]), b[1])
	}
	return out
}

// hidden5 is an archive of the newer format whose list is encrypted. Without
// check, only the checksums tell whether a password is right.
func hidden5(t *testing.T, password string, check bool, members ...archivetest.RARMember) []byte {
	t.Helper()
	c := crypt{salt: []byte("0123456789abcdef"), log: 4}
	k, err := keyring().keys5(c, password)
	if err != nil {
		t.Fatal(err)
	}
	h := []byte{block5Crypt, 0, 0, 0, c.log}
	h = append(h, c.salt...)
	if check {
		sum := sha256.Sum256(k.check)
		h[3] = 1
		h = slices.Concat(h, k.check, sum[:4])
	}
	h = append([]byte{byte(len(h))}, h...)
	out := binary.LittleEndian.AppendUint32([]byte("Rar!\x1a\x07\x01\x00"), crc32.ChecksumIEEE(h))
	out = append(out, h...)
	for i, b := range archivetest.RAR5Blocks(members...) {
		iv := bytes.Repeat([]byte{byte(i)}, 16)
		out = slices.Concat(out, iv, encrypt(k.key, iv, b[0]), b[1])
	}
	return out
}

func TestEncrypted(t *testing.T) {
	plain := []byte("hello, this is secret")
	m := archivetest.Stored(archivetest.Entry{Name: "x", Data: plain})
	newer := m
	newer.Version = 0
	tests := map[string][]byte{
		"rar 4":              archivetest.RAR4Raw(0, 0, locked4(t, m, "pass")),
		"rar 4, list":        hidden4(t, "pass", m),
		"rar 4, list & data": hidden4(t, "pass", locked4(t, m, "pass")),
		"rar 5":              archivetest.RAR5("pass", archivetest.Entry{Name: "x", Data: plain}),
		"rar 5, list":        hidden5(t, "pass", true, newer),
		"rar 5, unchecked":   hidden5(t, "pass", false, newer),
	}
	for name, data := range tests {
		got, err := unpack(t, data, limit.Limits{}, "pass")
		if err != nil || len(got) != 1 || got[0].err != nil || !bytes.Equal(got[0].data, plain) {
			t.Errorf("%s: %v %+v", name, err, got)
		}
		got, err = unpack(t, data, limit.Limits{}, "wrong")
		switch {
		case len(got) == 1 && (errors.Is(got[0].err, ErrPassword) || IsChecksum(got[0].err)):
		case len(got) == 0 && errors.Is(err, ErrPassword):
		default:
			t.Errorf("%s with a wrong password: %v %+v", name, err, got)
		}
	}
}

func TestEncryptionUnknown(t *testing.T) {
	m := archivetest.Stored(archivetest.Entry{Name: "x", Data: []byte("hello")})
	old := locked4(t, m, "pass")
	old.Version = 20
	record := append([]byte{49, 1, 9, 0, 4}, make([]byte, 45)...)
	newer := m
	newer.Version, newer.Extra = 0, record
	rounds := slices.Clone(record)
	rounds[2], rounds[4] = 0, 25
	many := newer
	many.Extra = rounds
	for name, data := range map[string][]byte{"rar 2": archivetest.RAR4Raw(0, 0, old), "rar 5, version": archivetest.RAR5Raw(newer), "rar 5, rounds": archivetest.RAR5Raw(many)} {
		got, err := unpack(t, data, limit.Limits{}, "pass")
		if err != nil || len(got) != 1 || got[0].err == nil || limit.Of(got[0].err).Reason != limit.Encrypted {
			t.Errorf("%s: %v %+v", name, err, got)
		}
	}
}

func TestDerivationEndsWithTheTime(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a := keyring()
	a.c.Budget.Begin(ctx, 1)
	if _, err := a.keys4(salt4, "x"); !limit.Final(err) {
		t.Errorf("rar 4: got %v", err)
	}
	if _, err := a.keys5(crypt{salt: salt4, log: 20}, "x"); !limit.Final(err) {
		t.Errorf("rar 5: got %v", err)
	}
}

func TestKeyedChecksum(t *testing.T) {
	plain := []byte("hello, this is secret")
	c := crypt{salt: []byte("0123456789abcdef"), iv: make([]byte, 16), log: 4}
	k, err := keyring().keys5(c, "pass")
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, k.mac)
	mac.Write(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(plain)))
	var sum uint32
	for m := mac.Sum(nil); len(m) > 0; m = m[4:] {
		sum ^= binary.LittleEndian.Uint32(m)
	}
	r := slices.Concat([]byte{1, 0, 2, c.log}, c.salt, c.iv)
	m := archivetest.Stored(archivetest.Entry{Name: "x", Data: plain})
	m.Version, m.Packed, m.CRC = 0, encrypt(k.key, c.iv, plain), sum
	m.Extra = append([]byte{byte(len(r))}, r...)
	got, err := unpack(t, archivetest.RAR5Raw(m), limit.Limits{}, "pass")
	if err != nil || len(got) != 1 || got[0].err != nil || !bytes.Equal(got[0].data, plain) {
		t.Errorf("%v %+v", err, got)
	}
}
