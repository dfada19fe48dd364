package archive

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"encoding/binary"
	"hash/crc32"
	"io"

	"vitrine/internal/engine/limit"
)

// zipCrypto undoes the traditional encryption (APPNOTE 6.1).
type zipCrypto struct {
	src  io.Reader
	keys [3]uint32
}

const zipCryptoHeader = 12

// newZipCrypto reads the header of twelve bytes, whose last one must decrypt
// to a byte that is known.
func newZipCrypto(src io.Reader, password string, e zipEntry) (io.Reader, bool) {
	z := &zipCrypto{src: src, keys: [3]uint32{0x12345678, 0x23456789, 0x34567890}}
	for _, c := range []byte(password) {
		z.update(c)
	}
	var h [zipCryptoHeader]byte
	if _, err := io.ReadFull(z, h[:]); err != nil {
		return nil, false
	}
	last := h[zipCryptoHeader-1]
	return z, last == byte(e.crc>>24) || e.descriptor() && last == byte(e.modTime>>8)
}

func (z *zipCrypto) update(c byte) {
	t := crc32.IEEETable
	z.keys[0] = t[byte(z.keys[0])^c] ^ z.keys[0]>>8
	z.keys[1] = (z.keys[1]+z.keys[0]&0xff)*134775813 + 1
	z.keys[2] = t[byte(z.keys[2])^byte(z.keys[1]>>24)] ^ z.keys[2]>>8
}

func (z *zipCrypto) Read(p []byte) (int, error) {
	n, err := z.src.Read(p)
	for i, c := range p[:n] {
		t := z.keys[2]&0xffff | 2
		p[i] = c ^ byte(t*(t^1)>>8)
		z.update(p[i])
	}
	return n, err
}

// zipAES is the extra field of WinZip's encryption (AE-1 and AE-2).
type zipAES struct {
	version  uint16 // 2: the member has no CRC
	strength byte   // 1 to 3: keys of 128, 192 and 256 bits
	method   uint16 // the compression inside
}

func parseZipAES(b []byte) *zipAES {
	if len(b) < 7 || b[4] < 1 || b[4] > 3 {
		return nil
	}
	return &zipAES{binary.LittleEndian.Uint16(b), b[4], binary.LittleEndian.Uint16(b[5:])}
}

const (
	zipAESRounds   = 1000
	zipAESVerifier = 2
	zipAESMac      = 10
)

// tryAES unpacks a member encrypted with AES: salt, a verifier of two bytes,
// the data, and ten bytes of an HMAC over it.
func (z *zipWalk) tryAES(e zipEntry, packed []byte, password string, most int64) ([]byte, bool, error) {
	if e.aes == nil {
		return nil, false, nil
	}
	keySize := 8 + 8*int(e.aes.strength)
	salt := keySize / 2
	if len(packed) < salt+zipAESVerifier {
		return nil, false, nil
	}
	keys, err := pbkdf2.Key(sha1.New, password, packed[:salt], zipAESRounds, 2*keySize+zipAESVerifier)
	if err != nil || string(keys[2*keySize:]) != string(packed[salt:salt+zipAESVerifier]) {
		return nil, false, z.b.Check()
	}
	body := packed[salt+zipAESVerifier:]
	whole := int64(len(packed)) == e.packed && len(body) >= zipAESMac
	var mac []byte
	if whole {
		mac, body = body[len(body)-zipAESMac:], body[:len(body)-zipAESMac]
		ok, err := z.macFits(keys[keySize:2*keySize], body, mac)
		if err != nil {
			return nil, false, err
		}
		whole = ok
	}
	block, err := aes.NewCipher(keys[:keySize])
	if err != nil {
		return nil, false, err
	}
	e.method = e.aes.method
	e.packed = int64(len(body))
	data, err := z.unpackZip(e, &zipCounter{src: z.input(body), block: block}, e.packed, most)
	if err == nil && !whole {
		err = limit.Errorf(limit.Damaged, "the authentication code is wrong")
	}
	// A verifier passes one password in 65,536; the code then does not fit,
	// and what comes out does not unpack.
	return data, whole || err == nil || isCut(err), err
}

func (z *zipWalk) macFits(key, body, mac []byte) (bool, error) {
	h := hmac.New(sha1.New, key)
	for len(body) > 0 {
		if err := z.b.Check(); err != nil {
			return false, err
		}
		n := min(len(body), chunkSize)
		h.Write(body[:n])
		body = body[n:]
	}
	return hmac.Equal(h.Sum(nil)[:zipAESMac], mac), nil
}

// zipCounter is AES in counter mode with a counter that grows from its lowest
// byte and begins at 1, which crypto/cipher does not have.
type zipCounter struct {
	src     io.Reader
	block   cipher.Block
	counter uint64
	pad     [aes.BlockSize]byte
	used    int // bytes of pad; 0 at the beginning of a block
}

func (z *zipCounter) Read(p []byte) (int, error) {
	n, err := z.src.Read(p)
	for i := range p[:n] {
		if z.used == 0 {
			z.counter++
			var c [aes.BlockSize]byte
			binary.LittleEndian.PutUint64(c[:], z.counter)
			z.block.Encrypt(z.pad[:], c[:])
		}
		p[i] ^= z.pad[z.used]
		z.used = (z.used + 1) % aes.BlockSize
	}
	return n, err
}
