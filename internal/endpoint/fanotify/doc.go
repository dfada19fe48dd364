// Package fanotify is the kernel's file access notification as the guard needs
// it: who is about to run, open or has written which file, and the answer.
//
// A Group holds marks on whole file systems and reads their events. The kernel
// keeps an opener waiting until its event is answered, so nothing here opens a
// file by name, logs, or waits while an event is held. Marks on single inodes
// are only ever ignore marks: all of them can be dropped at once without a gap
// in what is watched.
//
// It never decides an answer and never reads a file. What the running kernel
// lacks is a value of Missing, not an error. It implements fanotify(7) for
// permission classes.
package fanotify
