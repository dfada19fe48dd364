// Package bench measures vitrine/yara beside the C implementation of YARA: the
// same generated rules and the same files in one run, each file scanned by
// both in turn, the best of N kept for each file. It fails when the two do not
// report the same rules, because a scanner that finds nothing is always fast.
//
//	go test -bench . ./bench/...
//
// The rules are made up from a seed in the shape of public rule sets; the
// files are made from the machine it runs on, so nothing foreign is kept here.
// The package is for measuring only: it starts the compiler and the peer, and
// no binary links it. docs/benchmarks.md says what is compared and how.
package bench
