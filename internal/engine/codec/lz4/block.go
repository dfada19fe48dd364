package lz4

import "errors"

var (
	errBlock  = errors.New("lz4: malformed block")
	errTooBig = errors.New("lz4: a block decodes to more than the frame allows")
)

// appendBlock decodes a block behind dst, to which it may refer, and adds at
// most most bytes. With an error, what was decoded before it is returned.
func appendBlock(dst, src []byte, most int) ([]byte, error) {
	end := len(dst) + most
	for len(src) > 0 {
		token := src[0]
		n, rest, ok := length(int(token>>4), src[1:])
		if !ok || n > len(rest) {
			return dst, errBlock
		}
		if len(dst)+n > end {
			return dst, errTooBig
		}
		dst = append(dst, rest[:n]...)
		src = rest[n:]
		if len(src) == 0 {
			return dst, nil // the last sequence has no match
		}
		if len(src) < 2 {
			return dst, errBlock
		}
		dist := int(src[0]) | int(src[1])<<8
		n, rest, ok = length(int(token&15), src[2:])
		if !ok || dist == 0 || dist > len(dst) {
			return dst, errBlock
		}
		src = rest
		if n += 4; len(dst)+n > end {
			return dst, errTooBig
		}
		dst = appendMatch(dst, dist, n)
	}
	return dst, nil
}

// length reads the bytes that lengthen a nibble of 15.
func length(n int, src []byte) (int, []byte, bool) {
	if n < 15 {
		return n, src, true
	}
	for i, b := range src {
		n += int(b)
		if b < 255 {
			return n, src[i+1:], true
		}
	}
	return 0, nil, false
}

func appendMatch(dst []byte, dist, n int) []byte {
	for n > 0 {
		from := len(dst) - dist
		run := min(n, dist)
		dst = append(dst, dst[from:from+run]...)
		n -= run
	}
	return dst
}
