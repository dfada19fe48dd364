// Package guard decides who may go on: it takes the kernel's events of files
// that are run, opened and written, has the files looked at, and answers in
// time.
//
// Every question is answered exactly once: by what is known of the file, by its
// scan, or at a deadline by a timer, whichever comes first. A verdict that comes
// too late is carried out all the same: what runs the file is killed, and the
// file taken away. Without a verdict the answer is yes, loudly, unless the
// configuration says otherwise.
//
// The goroutine that reads events never opens a file, never logs, never waits
// for another goroutine and never looks at a process: while it stands still, so
// does the machine. It never reads what is inside a file, and it starts nothing.
// Scanning, keeping files, telling people and mounting are others' work, behind
// small interfaces; with made-up ones everything here runs without root.
package guard
