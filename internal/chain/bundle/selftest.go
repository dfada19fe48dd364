package bundle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"vitrine/yara"
)

// sampleTime is how long one sample of the self-test may take.
const sampleTime = 10 * time.Second

// ErrSelfTest is wrapped by errors of SelfTest about what rules found.
var ErrSelfTest = errors.New("the self-test failed")

// SelfTest loads the compiled rules and scans the bundle's samples, and those
// given besides, such as files of this very machine, which must be clean. It
// gives the rules.
func (b *Bundle) SelfTest(ctx context.Context, alsoClean []File) (*yara.Rules, error) {
	rules, err := yara.Load(b.Blob)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSelfTest, err)
	}
	if rules.Len() != b.Manifest.Rules {
		return nil, fmt.Errorf("%w: %d rules, and bundle.json says %d", ErrSelfTest, rules.Len(), b.Manifest.Rules)
	}
	scanner, err := yara.NewScanner(rules, yara.ScanConfig{Timeout: sampleTime})
	if err != nil {
		return nil, err
	}
	for _, f := range b.Detect {
		found, err := names(ctx, scanner, f)
		if err != nil {
			return nil, err
		}
		for _, want := range b.Expect[f.Name] {
			if !slices.Contains(found, want) {
				return nil, fmt.Errorf("%w: the rule %s does not match %s", ErrSelfTest, want, f.Name)
			}
		}
	}
	for _, f := range slices.Concat(b.Clean, alsoClean) {
		found, err := names(ctx, scanner, f)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			return nil, fmt.Errorf("%w: the rule %s matches %s, which is clean", ErrSelfTest, found[0], f.Name)
		}
	}
	return rules, nil
}

func names(ctx context.Context, scanner *yara.Scanner, f File) ([]string, error) {
	result, err := scanner.Scan(ctx, f.Data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrSelfTest, f.Name, err)
	}
	var list []string
	for _, m := range result.Matches {
		list = append(list, m.Rule.Name)
	}
	return list, nil
}
