package rar

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"

	"vitrine/internal/engine/codec/aescbc"
	"vitrine/internal/engine/limit"
)

const (
	rounds4     = 1 << 18
	maxLog5     = 24 // as in the program itself
	checkRounds = 1 << 12
)

// keys are what a password and a salt give.
type keys struct {
	key   []byte
	iv    []byte // formats before RAR 5
	mac   []byte // RAR 5: key of checksums
	check []byte // RAR 5: shows whether the password is right
}

var errWrongPassword = errors.New("rar: the password is wrong")

// fileKeys derives the keys of a member.
func (a *Archive) fileKeys(f *File, password string) (keys, error) {
	switch {
	case f.crypt.unknown || f.crypt.tooOld:
		return keys{}, limit.Errorf(limit.Encrypted, "rar: encryption of an unknown or too old kind")
	case a.new:
		k, err := a.keys5(f.crypt, password)
		if errors.Is(err, errWrongPassword) {
			err = ErrPassword
		}
		return k, err
	}
	return a.keys4(f.crypt.salt, password)
}

func (f *File) iv(k keys) []byte {
	if f.crypt.iv != nil {
		return f.crypt.iv
	}
	return k.iv
}

// remember keeps derived keys: archives use one salt for many members.
func (a *Archive) remember(id string, derive func() (keys, error)) (keys, error) {
	if k, ok := a.keys[id]; ok {
		return k, nil
	}
	k, err := derive()
	if err == nil && len(a.keys) < 64 {
		a.keys[id] = k
	}
	return k, err
}

// keys4 derives key and initial vector of the formats before RAR 5: SHA-1 over
// password, salt and a counter, 2^18 times; every 2^14 times a byte of the
// vector.
func (a *Archive) keys4(salt []byte, password string) (keys, error) {
	return a.remember(fmt.Sprintf("4/%x/%s", salt, password), func() (keys, error) {
		var block []byte
		for _, u := range utf16.Encode([]rune(password)) {
			block = binary.LittleEndian.AppendUint16(block, u)
		}
		block = append(append(block, salt...), 0, 0, 0)
		count := block[len(block)-3:]
		h := sha1.New()
		iv := make([]byte, 0, 16)
		for i := range rounds4 {
			if i%checkRounds == 0 {
				if err := a.c.Budget.Check(); err != nil {
					return keys{}, err
				}
			}
			count[0], count[1], count[2] = byte(i), byte(i>>8), byte(i>>16)
			h.Write(block)
			if i%(rounds4/16) == 0 {
				iv = append(iv, h.Sum(nil)[19])
			}
		}
		key := h.Sum(nil)[:16]
		for i := 0; i < 16; i += 4 { // words are stored lowest byte first
			binary.BigEndian.PutUint32(key[i:], binary.LittleEndian.Uint32(key[i:]))
		}
		return keys{key: key, iv: iv}, nil
	})
}

// keys5 derives the keys of RAR 5: PBKDF2 with HMAC-SHA-256, which goes on for
// 16 rounds to the key of checksums and for 16 more to the check value.
func (a *Archive) keys5(c crypt, password string) (keys, error) {
	if c.log > maxLog5 || c.unknown {
		return keys{}, limit.Errorf(limit.Encrypted, "rar: encryption of an unknown kind")
	}
	k, err := a.remember(fmt.Sprintf("5/%d/%x/%s", c.log, c.salt, password), func() (keys, error) {
		return a.derive5(c, password)
	})
	if err != nil {
		return k, err
	}
	if sum := sha256.Sum256(c.check[:min(8, len(c.check))]); len(c.check) == 12 &&
		bytes.Equal(sum[:4], c.check[8:]) && !bytes.Equal(k.check, c.check[:8]) {
		return k, errWrongPassword
	}
	return k, nil
}

func (a *Archive) derive5(c crypt, password string) (keys, error) {
	mac := hmac.New(sha256.New, []byte(password))
	mac.Write(c.salt)
	mac.Write([]byte{0, 0, 0, 1})
	u := mac.Sum(nil)
	t := bytes.Clone(u)
	var out [3][]byte
	for i, n := range []int{1<<c.log - 1, 16, 16} {
		for j := range n {
			if j%checkRounds == 0 {
				if err := a.c.Budget.Check(); err != nil {
					return keys{}, err
				}
			}
			mac.Reset()
			mac.Write(u)
			u = mac.Sum(u[:0])
			for x := range t {
				t[x] ^= u[x]
			}
		}
		out[i] = bytes.Clone(t)
	}
	check := make([]byte, 8)
	for i, b := range out[2] {
		check[i%8] ^= b
	}
	return keys{key: out[0], mac: out[1], check: check}, nil
}

// keyedSum is the checksum of an encrypted member of RAR 5.
func keyedSum(key []byte, sum uint32) uint32 {
	mac := hmac.New(sha256.New, key)
	mac.Write(binary.LittleEndian.AppendUint32(nil, sum))
	var out uint32
	for m := mac.Sum(nil); len(m) > 0; m = m[4:] {
		out ^= binary.LittleEndian.Uint32(m)
	}
	return out
}

// decrypting4 opens an encrypted header, which begins with its salt.
func (a *Archive) decrypting4(r io.Reader) (io.Reader, error) {
	salt := make([]byte, 8)
	if _, err := io.ReadFull(r, salt); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	k, err := a.keys4(salt, a.locked)
	if err != nil {
		return nil, err
	}
	return newDecrypting(r, k.key, k.iv)
}

// newDecrypting opens what is encrypted with AES. What a volume holds behind the
// last block is not its own.
func newDecrypting(src io.Reader, key, iv []byte) (io.Reader, error) {
	r, err := aescbc.NewReader(src, key, iv)
	if err != nil {
		return nil, limit.Errorf(limit.Encrypted, "rar: encryption of an unknown kind")
	}
	r.Ragged = true
	return r, nil
}
