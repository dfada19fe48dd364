// Package statement says what an entry of the log is: an in-toto Statement v1 of
// a closed set of types, signed by its authors in a DSSE envelope, in one
// canonical spelling. The bytes of the envelope are the leaf of the log.
//
// The spelling is part of the promise. A leaf that two readers could understand
// differently, because one takes the first of two equal keys and the other the
// last, would be one entry with two meanings. So there is exactly one sequence
// of bytes for each statement: keys in order and once, no space, no floating
// point, nothing behind the end; whoever reads decodes strictly, encodes again
// and compares. encoding/json is not used: it takes equal keys, keys of other
// case, invalid UTF-8 and numbers it rounds.
//
// An entry is public for ever and holds no personal data, ever. What concerns a
// person or a customer stands in it as a [Commitment] only.
//
// The package is pure: no clock, no file, no network. It verifies signatures
// over bytes it was handed, with keys it was handed; which keys may sign what is
// decided elsewhere. The format is docs/spec/leaf.md.
package statement
