package machine

import (
	"fmt"
	"strings"

	"vitrine/internal/cli/quarry"
	"vitrine/internal/cli/term"
	"vitrine/internal/engine/clamav"
)

// loadSignatures loads ClamAV's databases and tells what became of them. A
// malformed line is told, and an error only with --strict.
func (o *scanOptions) loadSignatures(env term.Env) (*clamav.Database, error) {
	if len(o.clamav) == 0 {
		return nil, nil
	}
	d, report, err := quarry.Databases(o.clamav, clamav.Config{Unwanted: o.clamavPUA, NoCertificates: o.clamavNoCerts, Now: env.Now}, nil)
	if err != nil {
		return nil, tell(env, err)
	}
	return d, o.tellSignatures(env, report)
}

// tellSignatures prints what became of the databases.
func (o *scanOptions) tellSignatures(env term.Env, r *clamav.Report) error {
	for _, p := range r.Problems {
		fmt.Fprintf(env.Stderr, "vitrine: %s\n", term.Clean(p.Error()))
	}
	if r.More > 0 {
		fmt.Fprintf(env.Stderr, "vitrine: and %d more malformed lines\n", r.More)
	}
	if !o.quiet && !o.noSummary {
		for _, line := range r.Lines() {
			fmt.Fprintf(env.Stderr, "clamav: %s\n", term.Clean(strings.ReplaceAll(line, "\n", " ")))
		}
	}
	if o.strict && len(r.Problems) > 0 {
		return term.ErrReported
	}
	return nil
}
