// Package yara compiles YARA rules and finds them in bytes, in pure Go.
//
//	rules, err := yara.Compile(`rule hello { strings: $a = "hello" condition: $a }`)
//	scanner, err := yara.NewScanner(rules, yara.ScanConfig{})
//	result, err := scanner.Scan(ctx, data)
//
// The language is that of YARA 4.5 with YARA-X's additions; where the two
// disagree, Config.Dialect chooses. Rules are immutable and may be shared by
// any number of goroutines; a Scanner belongs to one goroutine at a time.
//
// The package opens no files, starts no processes and reaches no network: it
// is given bytes and answers with matches.
package yara

// Dialect chooses a meaning where YARA 4 and YARA-X differ.
type Dialect uint8

// The dialects.
const (
	YARA4 Dialect = iota // the zero value: YARA 4.5
	YARAX
)
