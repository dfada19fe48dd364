//go:build cgo

package sandbox

// withCgo: threads that Go does not know reach the kernel by other ways, which a
// filter must not shut before the last wall is up. The product is built without.
const withCgo = true
