// Package pattern holds YARA's regular expressions and hex strings: it parses
// them to a tree, compiles the tree to a flat program, runs programs over
// bytes without ever backtracking, and extracts the literals by which a
// multi-pattern search finds the places worth looking at.
//
// It implements the chapters "Hexadecimal strings" and "Regular expressions"
// of the YARA manual, as libyara 4.5 behaves, and on request the regular
// expression syntax of YARA-X. It works on bytes: there is no Unicode but in
// the scope of YARA-X's (?u) flag.
//
// The running time of Forward, Backward and Search is bounded by the number of
// instructions times the number of bytes looked at; All does at most one
// Forward, bounded by its limit, per offset. The package never does I/O, keeps
// no state between calls other than scratch memory in a Machine, and knows
// nothing of rules, strings' names or modifiers other than those in Flags.
package pattern
