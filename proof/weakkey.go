package proof

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
)

// An Ed25519 public key is a point of a curve over the integers modulo
// p = 2²⁵⁵-19, written as its y coordinate, lowest byte first, with the sign of
// x in the top bit. RFC 8032 lets a verifier accept two kinds of key that an
// honest signer never has:
//
//   - The eight points whose order divides 8. For those, [8]A = 0 and a
//     signature that nobody made verifies for about one message in eight, or
//     for all of them.
//   - A y of p or more, which is read modulo p: a second spelling of a key,
//     with which one key could count twice.
//
// Go's verifier accepts both. Keys come from configuration, so refusing them
// there closes the matter.
const weakKeyReason = "expected an Ed25519 key of large order in its only encoding"

// weakPoints are the y coordinates of the points of small order.
var weakPoints = [...][32]byte{
	{},        // y = 0, order 4
	{0: 0x01}, // y = 1, order 1
	{0: 0xec, 1: 0xff, 2: 0xff, 3: 0xff, 4: 0xff, 5: 0xff, 6: 0xff, 7: 0xff, 8: 0xff, 9: 0xff, 10: 0xff, 11: 0xff, 12: 0xff, 13: 0xff, 14: 0xff, 15: 0xff,
		16: 0xff, 17: 0xff, 18: 0xff, 19: 0xff, 20: 0xff, 21: 0xff, 22: 0xff, 23: 0xff, 24: 0xff, 25: 0xff, 26: 0xff, 27: 0xff, 28: 0xff, 29: 0xff, 30: 0xff, 31: 0x7f}, // y = p-1, order 2
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05}, // order 8
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a}, // order 8
}

// CheckPublic refuses an Ed25519 public key that is not 32 bytes, is of small
// order, or is not in its canonical encoding.
func CheckPublic(pub ed25519.PublicKey) error { return checkPublic(pub) }

func checkPublic(pub []byte) error {
	if len(pub) != ed25519.PublicKeySize {
		return fmt.Errorf("key of %d bytes, expected %d", len(pub), ed25519.PublicKeySize)
	}
	y := [32]byte(pub)
	y[31] &= 0x7f
	for _, weak := range weakPoints {
		if y == weak {
			return fmt.Errorf("key of small order, %s", weakKeyReason)
		}
	}
	// y ≥ p: the top 31 bytes are all ones and the lowest is at least 0xed.
	if y[31] == 0x7f && y[0] >= 0xed && bytes.Count(y[1:31], []byte{0xff}) == 30 {
		return fmt.Errorf("key that is not reduced, %s", weakKeyReason)
	}
	return nil
}
