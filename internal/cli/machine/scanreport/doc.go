// Package scanreport writes what a scan found: as text in clamscan's shape, as
// one JSON document (docs/spec/cli/vitrine.scan.v1.json), as JSON lines, and as
// SARIF 2.1.0.
//
// Whatever the format, names are bytes from strangers: text escapes them so
// that a finding is one line and steers no terminal, and JSON carries the exact
// bytes beside a readable form. The package decides nothing, leaves nothing
// out, and writes nowhere but to the writer it is given.
package scanreport
