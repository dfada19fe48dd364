// Package process says who a process is: its program, arguments, user,
// container and start, read from /proc without mixing up two processes that had
// the same number one after the other, and sends signals to the very process
// that was meant, by its pidfd.
//
// Everything it reads of a process was chosen by that process but its user, its
// start and its control group: it is told, never believed. Reads are bounded.
// It starts nothing. It implements proc(5) and pidfd_open(2).
package process
