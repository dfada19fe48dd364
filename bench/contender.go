package bench

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"vitrine/yara"
)

// Contender scans the first n files of a corpus it was given before, in order
// and without a pause, and says how long each scan alone took.
type Contender interface {
	Scan(n int) ([]Scanned, error)
}

// Scanned is one scan of one file.
type Scanned struct {
	Verdict
	Taken time.Duration
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
func (o *Own) Scan(n int) ([]Scanned, error) {
	all := make([]Scanned, n)
	for i := range all {
		begin := time.Now()
		result, err := o.scanner.Scan(context.Background(), o.files[i].Data)
		all[i].Taken = time.Since(begin)
		if err != nil {
			return nil, fmt.Errorf("scan %s: %w", o.files[i].Name, err)
		}
		for _, m := range result.Matches {
			h := fnv.New64a()
			h.Write([]byte(m.Rule.Name))
			all[i].Count++
			all[i].Sum += h.Sum64()
		}
	}
	return all, nil
}
