// Package sweep scans what lies on the machine, on demand and by schedule:
// quick (what runs, what starts by itself, what was just brought in), full (all
// local file systems), or some paths. One sweep runs at a time, the others
// wait; each goes on where it was after a restart.
//
// It opens files and hands them to a scanner; it reads not one byte of a file
// it does not trust, and decides nothing about what was found: an Actor does.
// What could not be looked at is counted and told, never passed over.
package sweep
