// Package gap is the switch of the protection, and what happened while it was
// off. Switching off needs a reason and may have an end; it outlives restarts of
// the guard and of the machine. Whenever the protection was off or the guard did
// not run, what was executed, created, changed or mounted meanwhile is scanned
// before the state is called protected again.
//
// What happened is learned from a journal that the guard keeps while it only
// looks on, and from the change times of files, the table of processes and the
// list of mounts where it could not even do that. The database of packages only
// says what comes last, never what is left out: a package may be malware, and
// the database was writable too.
//
// It blocks nothing and scans nothing by itself: it says whether to, and hands
// files to an Examiner.
package gap
