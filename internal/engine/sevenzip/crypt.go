package sevenzip

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"unicode/utf16"

	"vitrine/internal/engine/codec/aescbc"
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
	iv   [aescbc.BlockSize]byte
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
	if len(props) < 2+salt+iv || iv > aescbc.BlockSize {
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
