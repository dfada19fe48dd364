package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/sha512"
)

// fileKey256 checks the empty password and unwraps the key of revisions 5 and
// 6 (ISO 32000-2, algorithm 2.A); nil when it does not fit.
func fileKey256(user, wrapped []byte, revision int64) []byte {
	if len(user) < 48 || len(wrapped) < 32 {
		return nil
	}
	if !bytes.Equal(hash256(user[32:40], revision), user[:32]) {
		return nil
	}
	block, err := aes.NewCipher(hash256(user[40:48], revision))
	if err != nil {
		return nil
	}
	key := make([]byte, 32)
	cipher.NewCBCDecrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(key, wrapped[:32])
	return key
}

// maxRounds is far more than the hash takes: it ends by chance, after 64
// rounds, by a byte that is small enough.
const maxRounds = 4096

// hash256 is the hash of the empty password with a salt: SHA-256 in revision
// 5, algorithm 2.B since.
func hash256(salt []byte, revision int64) []byte {
	sum := sha256.Sum256(salt)
	k := sum[:]
	if revision < 6 {
		return k
	}
	for round := 1; round <= maxRounds; round++ {
		e := bytes.Repeat(k, 64)
		block, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil
		}
		cipher.NewCBCEncrypter(block, k[16:32]).CryptBlocks(e, e)
		k = next256(e)
		if round >= 64 && int(e[len(e)-1]) <= round-32 {
			break
		}
	}
	return k[:32]
}

// next256 takes the hash that the first 16 bytes of e, as a number, choose.
func next256(e []byte) []byte {
	rest := 0
	for _, c := range e[:16] {
		rest += int(c) // 256 is 1 modulo 3
	}
	switch rest % 3 {
	case 0:
		s := sha256.Sum256(e)
		return s[:]
	case 1:
		s := sha512.Sum384(e)
		return s[:]
	}
	s := sha512.Sum512(e)
	return s[:]
}
