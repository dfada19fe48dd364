package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"io"

	"vitrine/internal/engine/limit"
)

// method is how strings or streams are encrypted.
type method uint8

const (
	plainText method = iota
	byRC4
	byAES128
	byAES256
)

// crypt decrypts with one file key (ISO 32000-2, 7.6).
type crypt struct {
	key     []byte
	strings method
	streams method
}

// unlock tries the empty password. What stays locked is told.
func (d *Document) unlock() {
	e := d.resolve(d.encrypt)
	c, err := d.newCrypt(e)
	if err != nil {
		d.locked = true
		d.sink.Problem(err)
		return
	}
	d.crypt = c
}

func (d *Document) newCrypt(e value) (*crypt, error) {
	if !d.resolve(e.get("Filter")).is("Standard") {
		return nil, limit.Errorf(limit.Encrypted, "pdf: a security handler nobody here knows")
	}
	c := &crypt{strings: byRC4, streams: byRC4}
	version, revision := d.resolve(e.get("V")).num, d.resolve(e.get("R")).num
	size := d.resolve(e.get("Length")).num / 8
	switch {
	case version == 1 || size < 5 || size > 16:
		size = 5
	}
	if version >= 4 {
		size = 16
		c.strings, c.streams = d.cryptFilter(e, "StrF"), d.cryptFilter(e, "StmF")
	}
	owner, user := d.resolve(e.get("O")).bytes, d.resolve(e.get("U")).bytes
	if revision >= 5 {
		c.key = fileKey256(user, d.resolve(e.get("UE")).bytes, revision)
	} else {
		clear := string(d.resolve(e.get("EncryptMetadata")).bytes) == "false"
		c.key = fileKey(owner, user, d.id, uint32(d.resolve(e.get("P")).num), int(size), revision, clear)
	}
	if c.key == nil {
		return nil, limit.Errorf(limit.Encrypted, "pdf: the document needs a password")
	}
	return c, nil
}

// cryptFilter gives the method of a named crypt filter.
func (d *Document) cryptFilter(e value, use string) method {
	filters := d.resolve(e.get("CF"))
	f := d.resolve(filters.get(string(d.resolve(e.get(use)).bytes)))
	switch string(d.resolve(f.get("CFM")).bytes) {
	case "V2":
		return byRC4
	case "AESV2":
		return byAES128
	case "AESV3":
		return byAES256
	}
	return plainText
}

// padding stands in for what a password lacks to 32 bytes.
const padding = "\x28\xbf\x4e\x5e\x4e\x75\x8a\x41\x64\x00\x4e\x56\xff\xfa\x01\x08\x2e\x2e\x00\xb6\xd0\x68\x3e\x80\x2f\x0c\xa9\xfe\x64\x53\x69\x7a"

// fileKey derives the key by algorithm 2 and checks it by 4 and 5; nil when
// the empty password does not fit.
func fileKey(owner, user, id []byte, permissions uint32, size int, revision int64, clearMetadata bool) []byte {
	if len(owner) < 32 || len(user) < 32 {
		return nil
	}
	h := md5.New()
	_, _ = io.WriteString(h, padding) // a hash takes all
	h.Write(owner[:32])
	h.Write(binary.LittleEndian.AppendUint32(nil, permissions))
	h.Write(id)
	if revision >= 4 && clearMetadata {
		h.Write([]byte{255, 255, 255, 255})
	}
	key := h.Sum(nil)[:]
	if revision < 3 {
		key = key[:5]
		if bytes.Equal(rc4Bytes(key, []byte(padding)), user[:32]) {
			return key
		}
		return nil
	}
	for range 50 {
		sum := md5.Sum(key[:size])
		key = sum[:]
	}
	key = key[:size]
	sum := md5.Sum(append([]byte(padding), id...))
	check := sum[:]
	for i := range 20 {
		turned := bytes.Clone(key)
		for k := range turned {
			turned[k] ^= byte(i)
		}
		check = rc4Bytes(turned, check)
	}
	if !bytes.Equal(check, user[:16]) {
		return nil
	}
	return key
}

func rc4Bytes(key, data []byte) []byte {
	c, err := rc4.NewCipher(key)
	if err != nil {
		return nil
	}
	out := make([]byte, len(data))
	c.XORKeyStream(out, data)
	return out
}

// objectKey derives the key of one object by algorithm 1.
func (c *crypt) objectKey(o parsed, m method) []byte {
	if m == byAES256 {
		return c.key
	}
	h := md5.New()
	h.Write(c.key)
	h.Write([]byte{byte(o.obj), byte(o.obj >> 8), byte(o.obj >> 16), byte(o.rev), byte(o.rev >> 8)})
	if m == byAES128 {
		_, _ = io.WriteString(h, "sAlT") // a hash takes all
	}
	return h.Sum(nil)[:min(len(c.key)+5, 16)]
}

// stream decrypts what r reads.
func (c *crypt) stream(o parsed, r io.Reader) io.Reader {
	switch c.streams {
	case byRC4:
		if k, err := rc4.NewCipher(c.objectKey(o, byRC4)); err == nil {
			return cipher.StreamReader{S: k, R: r}
		}
	case byAES128, byAES256:
		if k, err := aes.NewCipher(c.objectKey(o, c.streams)); err == nil {
			return &cbc{block: k, src: r}
		}
	}
	return r
}

// plain decrypts a string of an object; those in object streams are not
// encrypted again.
func (d *Document) plain(o parsed, s []byte) []byte {
	if d.crypt == nil || o.src > 0 || d.crypt.strings == plainText {
		return s
	}
	once := crypt{key: d.crypt.key, streams: d.crypt.strings}
	out, err := io.ReadAll(once.stream(o, bytes.NewReader(s)))
	if err != nil {
		return s
	}
	return out
}

// cbc decrypts AES in CBC mode; the first block is the vector, and the last
// tells how many bytes of it are padding.
type cbc struct {
	block cipher.Block
	mode  cipher.BlockMode
	src   io.Reader
	in    [4096]byte
	ahead []byte // decrypted, but may hold the padding
	out   []byte
	buf   [2][4096]byte
	turn  int
	err   error
}

// Read gives decrypted bytes, one piece behind what is decrypted.
func (c *cbc) Read(p []byte) (int, error) {
	for len(c.out) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		c.fill()
	}
	n := copy(p, c.out)
	c.out = c.out[n:]
	return n, nil
}

func (c *cbc) fill() {
	if c.mode == nil {
		if _, err := io.ReadFull(c.src, c.in[:aes.BlockSize]); err != nil {
			c.err = io.EOF // nothing to decrypt
			return
		}
		c.mode = cipher.NewCBCDecrypter(c.block, bytes.Clone(c.in[:aes.BlockSize]))
	}
	n, err := io.ReadFull(c.src, c.in[:])
	n -= n % aes.BlockSize
	c.out = c.ahead
	c.turn ^= 1
	c.ahead = c.buf[c.turn][:n]
	c.mode.CryptBlocks(c.ahead, c.in[:n])
	if err == nil {
		return
	}
	if c.err = io.EOF; limit.Final(err) {
		c.err = err
	}
	// The piece before and this one are the rest.
	c.out = append(bytes.Clone(c.out), c.ahead...)
	if k := len(c.out); k > 0 && c.out[k-1] >= 1 && c.out[k-1] <= aes.BlockSize {
		c.out = c.out[:k-int(c.out[k-1])]
	}
}
