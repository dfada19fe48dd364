package sevenzip

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"

	"vitrine/internal/engine/limit"
)

const (
	maxRoundsLog = 24   // 7-Zip reads no more either
	noRounds     = 0x3f // the key is the password itself
	checkRounds  = 1 << 14
)

// aesParams are the properties of 7zAES.
type aesParams struct {
	log  byte
	salt []byte
	iv   [aes.BlockSize]byte
}

func parseAES(props []byte) (aesParams, error) {
	var p aesParams
	if len(props) == 0 {
		return p, fmt.Errorf("encryption: %w", errHeader)
	}
	p.log = props[0] & 0x3f
	if props[0]&0xc0 == 0 {
		return p, nil
	}
	if len(props) < 2 {
		return p, fmt.Errorf("encryption: %w", errHeader)
	}
	salt := int(props[0]>>7&1 + props[1]>>4)
	iv := int(props[0]>>6&1 + props[1]&15)
	if len(props) < 2+salt+iv || iv > aes.BlockSize {
		return p, fmt.Errorf("encryption: %w", errHeader)
	}
	p.salt = props[2 : 2+salt]
	copy(p.iv[:], props[2+salt:2+salt+iv])
	return p, nil
}

// key derives the key: SHA-256 over salt, password and a counter, 2^log
// times. Keys are remembered, archives use one salt for all folders.
func (a *Archive) key(p aesParams, password string) ([32]byte, error) {
	id := fmt.Sprintf("%d/%x/%s", p.log, p.salt, password)
	if k, ok := a.keys[id]; ok {
		return k, nil
	}
	var raw []byte
	for _, u := range utf16.Encode([]rune(password)) {
		raw = binary.LittleEndian.AppendUint16(raw, u)
	}
	k, err := a.derive(p, raw)
	if err == nil {
		a.keys[id] = k
	}
	return k, err
}

func (a *Archive) derive(p aesParams, password []byte) ([32]byte, error) {
	var k [32]byte
	if p.log == noRounds {
		copy(k[copy(k[:], p.salt):], password)
		return k, nil
	}
	if p.log > maxRoundsLog {
		return k, limit.Errorf(limit.Encrypted, "7z: the key takes 2^%d rounds, at most 2^%d are done", p.log, maxRoundsLog)
	}
	block := append(append([]byte{}, p.salt...), password...)
	at := len(block)
	block = append(block, make([]byte, 8)...)
	h := sha256.New()
	for i := range uint64(1) << p.log {
		if i%checkRounds == 0 {
			if err := a.open.Budget.Check(); err != nil {
				return k, err
			}
		}
		binary.LittleEndian.PutUint64(block[at:], i)
		h.Write(block)
	}
	h.Sum(k[:0])
	return k, nil
}

// decrypting undoes AES-256-CBC. The last block is padded; the coder's size
// says where the data ends.
type decrypting struct {
	src  io.Reader
	mode cipher.BlockMode
	buf  [8 << 10]byte
	out  []byte // decrypted and not handed out
	err  error
}

func newDecrypting(src io.Reader, key [32]byte, iv [aes.BlockSize]byte) (io.Reader, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("encryption: %w", err)
	}
	return &decrypting{src: src, mode: cipher.NewCBCDecrypter(block, iv[:])}, nil
}

func (d *decrypting) Read(p []byte) (int, error) {
	for len(d.out) == 0 {
		if d.err != nil {
			return 0, d.err
		}
		n, err := io.ReadFull(d.src, d.buf[:])
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
		d.err = err
		if n%aes.BlockSize != 0 {
			d.err = io.ErrUnexpectedEOF
		}
		d.out = d.buf[:n-n%aes.BlockSize]
		d.mode.CryptBlocks(d.out, d.out)
	}
	n := copy(p, d.out)
	d.out = d.out[n:]
	return n, nil
}
