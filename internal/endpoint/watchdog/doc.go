// Package watchdog ends a guard that hangs, so that those who wait for its
// answers go on.
//
// The kernel keeps an opener waiting for as long as the guard is alive; killed,
// it lets everybody through. So a hanging guard is worse than a dead one. A
// second, tiny process takes a beat from the guard's reader over a pipe, and
// kills the guard by its pidfd when beats stay out. The two halves here are
// Pulse, in the guard, and Watch, in that process. Watch ends when the guard
// ends.
//
// It never starts a process, opens no file and reads nothing but beats.
package watchdog
