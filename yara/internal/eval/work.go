package eval

import "context"

// An Evaluator asks Config.Stop whenever it has done about a millisecond of
// work. Work is counted in units of roughly twenty nanoseconds: what it takes
// to compute a node.

// workPerLook is how much is done between two looks at the clock.
const workPerLook = 1 << 14

// What things cost besides their node. Functions of modules that work long ask
// their context themselves.
const (
	costCall     = 64
	costRegexp   = 16 // and one for each byte of the text
	bytesPerUnit = 16 // of texts compared
)

// spend counts work and looks at the clock when it is time. It reports
// whether the evaluation may go on.
func (e *Evaluator) spend(units int) bool {
	if e.work += units; e.work >= workPerLook {
		e.look()
	}
	return e.err == nil
}

func (e *Evaluator) look() {
	e.work = 0
	if e.err == nil {
		e.err = e.config.Stop()
	}
}

// stopper is the context that modules see: it ends with Config.Stop, which
// knows the time limit of the scan besides the caller's context.
type stopper struct {
	context.Context
	e *Evaluator
}

// Err implements context.Context.
func (s *stopper) Err() error {
	s.e.look()
	return s.e.err
}
