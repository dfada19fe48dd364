// Package blob writes compiled rules as one piece of bytes and reads them back.
// It implements docs/spec/compiled-rules.md: a header, a table of sections, and
// sections of little-endian records that refer to each other by number.
//
// The same rules give the same bytes on every machine: nothing in them depends
// on addresses, maps, clocks or paths. What is read is checked once and in
// full before anything is done with it; of a blob that passes, no index leads
// anywhere it should not. Nothing that was read refers to the file. The package
// opens no files, and never panics on what they hold.
package blob
