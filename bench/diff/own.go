package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"vitrine/yara"
)

// own is vitrine/yara with the same rules.
type own struct{ scanner *yara.Scanner }

func newOwn(rules *yara.Rules, timeout time.Duration) (own, error) {
	s, err := yara.NewScanner(rules, yara.ScanConfig{Matches: true, Timeout: timeout})
	return own{s}, err
}

// scan gives an answer for each file, nil where time ran out.
func (o own) scan(files []string) ([]Answer, error) {
	answers := make([]Answer, len(files))
	for i, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		result, err := o.scanner.Scan(context.Background(), data)
		if errors.Is(err, yara.ErrTimeout) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("scan %s: %w", name, err)
		}
		answers[i] = answerOf(result)
	}
	return answers, nil
}

// printed is where yara cuts the length it prints: it keeps no more than so many
// bytes of a match.
const printed = 512

func answerOf(r *yara.Result) Answer {
	a := Answer{}
	for _, m := range r.Matches {
		hits := make([]Hit, 0, len(m.Strings))
		for _, s := range m.Strings {
			hits = append(hits, Hit{s.Offset, min(len(s.Data), printed), s.Name})
		}
		a[m.Rule.Namespace+":"+m.Rule.Name] = hits
	}
	return a
}
