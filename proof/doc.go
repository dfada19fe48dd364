// Package proof checks that something stands in a public, append-only log, and
// that independent supervisors saw the same log. It is pure: it is handed bytes
// and times and answers yes or says what was expected. It opens no file, speaks
// to nobody, reads no clock and keeps no state.
//
// # The tree
//
// A log of n entries is a Merkle tree (RFC 6962, section 2.1). With || for
// concatenation, the hash of the entries d[0:n] is
//
//	MTH({})     = SHA-256()
//	MTH({d0})   = SHA-256(0x00 || d0)
//	MTH(d[0:n]) = SHA-256(0x01 || MTH(d[0:k]) || MTH(d[k:n]))
//
// where k is the largest power of two smaller than n. The first byte keeps an
// entry from being passed off as an inner node. Two things follow, and they are
// all a verifier needs:
//
//   - The hashes beside the way from entry i up to the root, about log₂ n of
//     them, are enough to compute the root again: an inclusion proof. Nobody can
//     find other hashes that lead to the same root.
//   - The tree of the first m entries is made of at most log₂ m complete
//     subtrees which the tree of n ≥ m entries contains too. Those, and what
//     lies beside them, are enough to compute both roots: a consistency proof.
//     It shows that nothing was changed or taken out between the two.
//
// # The text
//
// A [Checkpoint] is the root with its size and the log's name; as a signed note
// it carries the log's signature and the supervisors' cosignatures with their
// times. An [InclusionProof] is what is kept beside a file: index, hashes and
// checkpoint, to be verified offline. Package policy says which cosignatures are
// enough, package statement what an entry says, package tile reads a published
// log.
//
// # What strict means here
//
// Every reader of this package and those below it bounds the input first, takes
// one spelling of each value, and compares what it read, encoded again, with
// what it was given. What is refused and why is in docs/spec/proof.md, with test
// vectors in testdata/vectors that any other implementation can run.
package proof
