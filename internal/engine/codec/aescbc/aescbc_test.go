package aescbc

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The example of SP 800-38A, F.2.2: CBC-AES128.
func TestPublishedExample(t *testing.T) {
	r, err := NewReader(bytes.NewReader(unhex(t, "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2")),
		unhex(t, "2b7e151628aed2a6abf7158809cf4f3c"), unhex(t, "000102030405060708090a0b0c0d0e0f"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if want := unhex(t, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %x, %v", got, err)
	}
}

func encrypted(plain, key, iv []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	out := make([]byte, len(plain))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, plain)
	return out
}

// Chains go on over the buffer, whatever pieces come in and are asked for.
func TestLongAndInPieces(t *testing.T) {
	key, iv := bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{9}, BlockSize)
	plain := make([]byte, 3*8192+5*BlockSize)
	for i := range plain {
		plain[i] = byte(i * i >> 3)
	}
	for name, src := range map[string]io.Reader{
		"whole":      bytes.NewReader(encrypted(plain, key, iv)),
		"byte wise":  iotest.OneByteReader(bytes.NewReader(encrypted(plain, key, iv))),
		"with error": iotest.DataErrReader(bytes.NewReader(encrypted(plain, key, iv))),
	} {
		r, err := NewReader(src, key, iv)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(iotest.HalfReader(r)); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s: %d bytes of %d, %v", name, len(got), len(plain), err)
		}
	}
}

func TestEnds(t *testing.T) {
	key, iv := make([]byte, 16), make([]byte, BlockSize)
	whole := encrypted(make([]byte, 2*BlockSize), key, iv)
	broken := errors.New("broken")
	for _, c := range []struct {
		name   string
		src    io.Reader
		ragged bool
		n      int
		err    error
	}{
		{"nothing", bytes.NewReader(nil), false, 0, nil},
		{"cut", bytes.NewReader(whole[:BlockSize+3]), false, BlockSize, io.ErrUnexpectedEOF},
		{"cut, and that is fine", bytes.NewReader(whole[:BlockSize+3]), true, BlockSize, nil},
		{"less than a block", bytes.NewReader(whole[:3]), true, 0, nil},
		{"failing", io.MultiReader(bytes.NewReader(whole), iotest.ErrReader(broken)), false, 2 * BlockSize, broken},
	} {
		r, err := NewReader(c.src, key, iv)
		if err != nil {
			t.Fatal(err)
		}
		r.Ragged = c.ragged
		if got, err := io.ReadAll(r); len(got) != c.n || !errors.Is(err, c.err) {
			t.Errorf("%s: %d bytes and %v, want %d and %v", c.name, len(got), err, c.n, c.err)
		}
	}
}

func TestWrongSizes(t *testing.T) {
	for _, c := range [][2]int{{15, BlockSize}, {0, BlockSize}, {32, 8}, {32, 0}} {
		if r, err := NewReader(nil, make([]byte, c[0]), make([]byte, c[1])); err == nil || r != nil {
			t.Errorf("key of %d and vector of %d bytes were taken", c[0], c[1])
		}
	}
}
