package hunting

import (
	"bytes"
	"encoding/hex"
	"strings"
)

// koi8 has the letters of KOI8-R from 0xC0 on: small ones, then capitals.
const koi8 = "юабцдефгхийклмнопярстужвьызшэщчъЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩЧЪ"

// legacyBytes are markings as East Asian and Arabic encodings write them, which
// no rule of arithmetic gives: hexadecimal, then the marking.
const legacyBytes = `bef8c3dc 绝密
bbfac3dc 机密
c4dab2bfd7cac1cf 内部资料
b5b4b14b 絕密
bef7b14b 機密
b7a5bef7b14b 極機密
8b4096a7 機密
8bc994e9 極秘
8ed08a4f94e9 社外秘
8ee688b5928d88d3 取扱注意
b5a1cca9 機密
b6cbc8eb 極秘
bcd2b3b0c8eb 社外秘
b1d8baf1 극비
b4ebbfdcbaf1 대외비
b1e2b9d0 기밀
d3d1ed20e1e1dbc7edc9 سري للغاية
d3d1ed20cccfc7 سري جدا`

// legacyMarking finds a marking in bytes of an East Asian or Arabic encoding.
func legacyMarking(b []byte) (string, bool) {
	for line := range strings.SplitSeq(legacyBytes, "\n") {
		digits, word, _ := strings.Cut(line, " ")
		if raw, err := hex.DecodeString(digits); err == nil && bytes.Contains(b, raw) {
			return word, true
		}
	}
	return "", false
}

// letters reads one byte of an encoding above ASCII, 0 where it has none.
type letters func(c byte) rune

func between(c, low, high byte, first rune) rune {
	if c < low || c > high {
		return 0
	}
	return first + rune(c-low)
}

func windows1251(c byte) rune {
	switch c {
	case 0xA8:
		return 'Ё'
	case 0xB8:
		return 'ё'
	case 0xB2:
		return 'І'
	case 0xB3:
		return 'і'
	case 0xAA:
		return 'Є'
	case 0xBA:
		return 'є'
	case 0xBF:
		return 'ї'
	}
	return between(c, 0xC0, 0xFF, 'А')
}

func koi8r(c byte) rune {
	if c < 0xC0 {
		return 0
	}
	return []rune(koi8)[c-0xC0]
}

func cp866(c byte) rune {
	if c >= 0xE0 {
		return between(c, 0xE0, 0xEF, 'р')
	}
	return between(c, 0x80, 0xAF, 'А')
}

func iso8859x5(c byte) rune { return between(c, 0xB0, 0xEF, 'А') }

func windows1253(c byte) rune {
	switch c {
	case 0xDC:
		return 'ά'
	case 0xDD:
		return 'έ'
	case 0xDE:
		return 'ή'
	case 0xDF:
		return 'ί'
	case 0xB8:
		return 'Έ'
	case 0xB9:
		return 'Ή'
	case 0xA2:
		return 'Ά'
	}
	return between(c, 0xC1, 0xFE, 'Α')
}

func windows1255(c byte) rune { return between(c, 0xE0, 0xFA, 'א') }

func latin1(c byte) rune { return rune(c) }

// decodedAs reads bytes by an encoding; ok is false where a byte has no letter.
func decodedAs(b []byte, f letters) (string, bool) {
	var s strings.Builder
	for _, c := range b {
		if c < 0x80 {
			s.WriteByte(c)
			continue
		}
		r := f(c)
		if r == 0 {
			return "", false
		}
		s.WriteRune(r)
	}
	return s.String(), true
}
