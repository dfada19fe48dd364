package machine

import "vitrine/internal/cli/machine/scanreport"

// ledger tells what left this machine through this program.
type ledger interface {
	Departures() []scanreport.Departure
}

// noDoor is the ledger of a program without a way out: nothing was entered,
// because there is nothing that could send. That this is so is not for it to
// say; TestNoWayOut in cmd/vitrine looks into the built binary for it.
type noDoor struct{}

func (noDoor) Departures() []scanreport.Departure { return nil }
