package blob

import (
	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/prefilter"
	"vitrine/yara/internal/search"
)

// Magic begins every blob. The byte above 127 and the line ends show a file
// that was changed on its way as text.
const Magic = "\x89VYR\r\n\x1a\n"

// Version is that of the layout: which sections there are and what their
// records mean.
const Version = 4

// The header: magic, version, features, length, number of sections, zero, and
// the SHA-256 of all but itself.
const (
	headerLen  = 64
	sumStart   = 32
	sectionLen = 16 // offset and length in the table of sections
	align      = 8
)

// Section is a table of records.
type Section int

// The sections, in the order they are written. SPEC: Sections.
const (
	Info Section = iota
	Text
	Bytes
	Packed
	Blocks
	Rules
	Strings
	Namespaces
	Externals
	Modules
	Fields
	Types
	Calls
	Nodes
	Lists
	Ints
	Floats
	Texts
	Regexps
	Patterns
	Links
	Forms
	Base64s
	Atoms
	Programs
	Code
	Sets
	Facts
	Wakes
	Gates
	Needs
	Keys
	Refs
	Records
	Entries
	Starts
	Shelves
	Filters
	Tables
	sectionCount
)

// recordLen gives the bytes of a record of each section.
func recordLen(s Section) int {
	return [sectionCount]int{
		Info: 16, Text: 1, Bytes: 1, Packed: 1, Blocks: 12,
		Rules: 16, Strings: 8, Namespaces: 8, Externals: 20,
		Modules: 8, Fields: 8, Types: 8, Calls: 8,
		Nodes: ir.NodeLen, Lists: 4, Ints: 8, Floats: 8, Texts: 8, Regexps: 4,
		Patterns: 16, Links: 12, Forms: 24, Base64s: 20, Atoms: 24,
		Programs: 72, Code: 1, Sets: 32,
		Facts: 28, Wakes: 4, Gates: 8, Needs: 16, Keys: 4,
		Refs: search.RefLen, Records: prefilter.RecordLen, Entries: prefilter.EntryLen, Starts: 4,
		Shelves: prefilter.ShelfLen, Filters: 4, Tables: prefilter.TableLen,
	}[s]
}
