// Package mounts knows which file systems are mounted, in this mount namespace
// and in those of other processes, and tells when that changes.
//
// It says which of them the guard can watch: file systems of this machine,
// whose kernel code answers for them. Those made up by the kernel hold no
// foreign programs; those answered by another machine or another process could
// hold the guard's reader for as long as that one likes. What is left out is
// said with its reason, never passed over.
//
// It mounts nothing, marks nothing and starts nothing. It implements the format
// of /proc/PID/mountinfo, proc_pid_mountinfo(5).
package mounts
