// Package clamd answers the protocol of ClamAV's daemon on a unix socket, so
// that mail servers, file servers and milters that speak it work unchanged:
// PING, VERSION, VERSIONCOMMANDS, STATS, RELOAD, SCAN, CONTSCAN, MULTISCAN,
// ALLMATCHSCAN, INSTREAM, FILDES, IDSESSION and END.
//
// It reads commands and lengths and nothing else: what is to be scanned goes to
// a Scanner as an open file. It opens paths with the rights of the user it runs
// as, and never more; it writes to no disk. It never says OK of what was not
// wholly looked at, which is where it leaves the original on purpose.
//
// SPEC: docs/spec/clamd.md
package clamd
