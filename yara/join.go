package yara

import (
	"context"
	"fmt"
)

// Join gives a set that holds the rules of several, in their order. It is for
// rules that were compiled apart: a scan runs over the data once for each part,
// so sources are better compiled together. Rules of different parts know
// nothing of each other, global ones neither.
func Join(parts ...*Rules) *Rules {
	if len(parts) == 1 {
		return parts[0]
	}
	joined := &Rules{}
	for _, p := range parts {
		if p.set == nil {
			joined.parts = append(joined.parts, p.parts...)
		} else {
			joined.parts = append(joined.parts, p)
		}
	}
	return joined
}

// newJoined makes a Scanner with one for each part. A variable must be known
// to one of them at least.
func newJoined(r *Rules, c ScanConfig) (*Scanner, error) {
	s := &Scanner{rules: r, config: c}
	for name := range c.Externals {
		if !r.knows(name) {
			return nil, fmt.Errorf("external variable %q: not declared when the rules were compiled", name)
		}
	}
	for _, p := range r.parts {
		own := c
		own.Externals = p.known(c.Externals)
		part, err := NewScanner(p, own)
		if err != nil {
			return nil, err
		}
		s.parts = append(s.parts, part)
	}
	return s, nil
}

// knows reports whether an external variable is declared in any part.
func (r *Rules) knows(name string) bool {
	for _, p := range r.parts {
		if len(p.known(map[string]any{name: nil})) > 0 {
			return true
		}
	}
	return false
}

// known leaves of variables those declared in the set.
func (r *Rules) known(given map[string]any) map[string]any {
	out := map[string]any{}
	for _, x := range r.set.Externals {
		if v, ok := given[x.Name]; ok {
			out[x.Name] = v
		}
	}
	return out
}

// setExternals is SetExternals for a joined set.
func (s *Scanner) setExternals(given map[string]any) error {
	for name := range given {
		if !s.rules.knows(name) {
			return fmt.Errorf("external variable %q: not declared when the rules were compiled", name)
		}
	}
	for _, p := range s.parts {
		if err := p.SetExternals(p.rules.known(given)); err != nil {
			return err
		}
	}
	return nil
}

// scanParts is Scan for a joined set. The parts share the time there is.
func (s *Scanner) scanParts(ctx context.Context, data []byte) (*Result, error) {
	s.result = Result{Matches: s.result.Matches[:0], Limits: s.result.Limits[:0]}
	begun := s.config.Now()
	for _, p := range s.parts {
		if s.config.Timeout > 0 {
			p.config.Timeout = s.config.Timeout - s.config.Now().Sub(begun)
			if p.config.Timeout <= 0 {
				return &s.result, ErrTimeout
			}
		}
		r, err := p.Scan(ctx, data)
		s.result.Matches = append(s.result.Matches, r.Matches...)
		s.result.Limits = append(s.result.Limits, r.Limits...)
		if err != nil {
			return &s.result, err
		}
	}
	return &s.result, nil
}
