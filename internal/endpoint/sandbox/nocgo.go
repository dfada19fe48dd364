//go:build !cgo

package sandbox

// withCgo: this program is all Go.
const withCgo = false
