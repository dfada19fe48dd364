package bench

import (
	"context"
	"hash/fnv"
	"time"

	"vitrine/yara"
)

// Contender scans the i-th file of a corpus it was given before, and says how
// long the scan alone took.
type Contender interface {
	Scan(i int) (Verdict, time.Duration, error)
}

// Verdict sums up which rules matched one file, without their order.
type Verdict struct {
	Count uint64 // rules
	Sum   uint64 // of the FNV-1a hashes of their names
}

// Own is vitrine/yara as a contender: one Scanner for all files.
type Own struct {
	scanner *yara.Scanner
	files   []File
}

// NewOwn compiles nothing: rules may be shared by several.
func NewOwn(rules *yara.Rules, config yara.ScanConfig, files []File) (*Own, error) {
	s, err := yara.NewScanner(rules, config)
	if err != nil {
		return nil, err
	}
	return &Own{s, files}, nil
}

// Scan implements Contender.
func (o *Own) Scan(i int) (Verdict, time.Duration, error) {
	begin := time.Now()
	result, err := o.scanner.Scan(context.Background(), o.files[i].Data)
	taken := time.Since(begin)
	if err != nil {
		return Verdict{}, taken, err
	}
	var v Verdict
	for _, m := range result.Matches {
		h := fnv.New64a()
		h.Write([]byte(m.Rule.Name))
		v.Count++
		v.Sum += h.Sum64()
	}
	return v, taken, nil
}
