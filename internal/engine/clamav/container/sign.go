package container

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/big"
)

// publicKey is a modulus and an exponent, in decimal.
type publicKey struct{ modulus, power string }

// publicKeys are those that containers are checked with.
type publicKeys struct{ header, list publicKey }

// makers gives the keys of ClamAV's makers, as their programs hold them. They
// are facts published since 2003 and 2009.
func makers() publicKeys {
	return publicKeys{
		header: publicKey{"118640995551645342603070001658453189751527774412027743746599405743243142607464144767361060640655844749760788890022283424922762488917565551002467771109669598189410434699034532232228621591089508178591428456220796841621637175567590476666928698770143328137383952820383197532047771780196576957695822641224262693037", "100001027"},
		list:   publicKey{"11088894983048545473659556106627194923928941791795047620591658697413581043322715912172496806525381055880964520618400224333320534660299233983755341740679502866829909679955734391392668378361221524205396631090105151641270857277080310734320951653700508941717419168723942507890702904702707587451621691050754307850383399865346487203798464178537392211402786481359824461197231102895415093770394216666324484593935762408468516826633192140826667923494822045805347809932848454845886971706424360558667862775876072059437703365380209101697738577515476935085469455279994113145977994084618328482151013142393373316337519977244732747977", "100002049"},
	}
}

// maxSignature is the longest signature, in characters of six bits.
const maxSignature = 400

// headerSigned tells whether the signature is that of the MD5: the number it
// stands for, raised, is the digest itself.
func (k publicKey) headerSigned(digest, signature string) bool {
	want, err := hex.DecodeString(digest)
	if err != nil || len(want) != md5.Size {
		return false
	}
	got, ok := k.open(signature, md5.Size)
	return ok && bytes.Equal(got, want)
}

// open raises the signature and gives the result in size bytes.
func (k publicKey) open(signature string, size int) ([]byte, bool) {
	c, ok := number(signature)
	n, okN := new(big.Int).SetString(k.modulus, 10)
	e, okE := new(big.Int).SetString(k.power, 10)
	if !ok || !okN || !okE {
		return nil, false
	}
	p := new(big.Int).Exp(c, e, n)
	if p.BitLen() > size*8 {
		return nil, false
	}
	return p.FillBytes(make([]byte, size)), true
}

// number decodes a signature: six bits a character, the lowest first.
func number(s string) (*big.Int, bool) {
	if s == "" || len(s) > maxSignature {
		return nil, false
	}
	n := new(big.Int)
	for i := len(s) - 1; i >= 0; i-- {
		v, ok := sixBits(s[i])
		if !ok {
			return nil, false
		}
		n.Lsh(n, 6).Or(n, big.NewInt(v))
	}
	return n, true
}

func sixBits(c byte) (int64, bool) {
	switch {
	case c >= 'a' && c <= 'z':
		return int64(c - 'a'), true
	case c >= 'A' && c <= 'Z':
		return int64(c-'A') + 26, true
	case c >= '0' && c <= '9':
		return int64(c-'0') + 52, true
	case c == '+':
		return 62, true
	case c == '/':
		return 63, true
	}
	return 0, false
}

const (
	pssSize  = 256 // bytes of the modulus
	pssSalt  = 32
	pssBlock = pssSize - sha256.Size - 1
)

// listSigned checks a signature of the PSS scheme (RFC 8017, 9.1.2) with
// SHA-256, a salt of 32 bytes and a modulus of 2048 bits.
func (k publicKey) listSigned(digest [32]byte, signature string) bool {
	m, ok := k.open(signature, pssSize)
	if !ok || m[pssSize-1] != 0xbc {
		return false
	}
	seed := m[pssBlock : pssBlock+sha256.Size]
	block := mask(seed, pssBlock)
	for i := range block {
		block[i] ^= m[i]
	}
	block[0] &= 0x7f
	at := pssBlock - pssSalt - 1
	if len(bytes.TrimLeft(block[:at], "\x00")) != 0 || block[at] != 1 {
		return false
	}
	final := make([]byte, 8, 8+2*sha256.Size)
	final = append(append(final, digest[:]...), block[at+1:]...)
	sum := sha256.Sum256(final)
	return bytes.Equal(sum[:], seed)
}

// mask is MGF1 with SHA-256 (RFC 8017, B.2.1).
func mask(seed []byte, size int) []byte {
	var out []byte
	for i := uint32(0); len(out) < size; i++ {
		sum := sha256.Sum256(binary.BigEndian.AppendUint32(bytes.Clone(seed), i))
		out = append(out, sum[:]...)
	}
	return out[:size]
}
