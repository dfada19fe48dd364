// Package eventlog tells what happens on the machine to whoever keeps it: a file
// of JSON lines in the shape of OCSF, the journal of systemd, counters for
// Prometheus, desktops, and those who follow at the guard's socket.
// docs/spec/events.md is its format.
//
// Whoever tells it something never waits: what cannot be kept up with is dropped,
// counted, and told as an event of its own. It decides nothing, and sends nothing
// off the machine.
package eventlog
