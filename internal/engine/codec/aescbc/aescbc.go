// Package aescbc undoes AES in CBC mode, as archives with passwords use it
// (NIST SP 800-38A, section 6.2). It derives no key and checks no password: what
// a wrong key gives looks like any other data.
package aescbc

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
)

// BlockSize is the size of a block, and of the initial vector.
const BlockSize = aes.BlockSize

// Reader decrypts what it reads. What stands behind the last whole block is not
// given out: Ragged says whether that is the end, or io.ErrUnexpectedEOF.
type Reader struct {
	Ragged bool

	src  io.Reader
	mode cipher.BlockMode
	buf  [8 << 10]byte
	out  []byte // decrypted and not handed out
	err  error
}

// NewReader fails when the key is not 16, 24 or 32 bytes long, or the initial
// vector not BlockSize.
func NewReader(src io.Reader, key, iv []byte) (*Reader, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("aes: %w", err)
	}
	if len(iv) != BlockSize {
		return nil, fmt.Errorf("aes: initial vector of %d bytes", len(iv))
	}
	return &Reader{src: src, mode: cipher.NewCBCDecrypter(block, iv)}, nil
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		n, err := io.ReadFull(r.src, r.buf[:])
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
		if r.err = err; n%BlockSize != 0 && !r.Ragged {
			r.err = io.ErrUnexpectedEOF
		}
		r.out = r.buf[:n-n%BlockSize]
		r.mode.CryptBlocks(r.out, r.out)
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}
