package blob

import (
	"vitrine/yara/internal/prefilter"
	"vitrine/yara/internal/search"
)

// WriteIndex writes an index as it is.
func WriteIndex(w *Writer, x search.Stored) {
	for s, rows := range map[Section][]byte{Refs: x.Refs, Records: x.Image.Records, Entries: x.Image.Entries, Starts: x.Image.Starts,
		Shelves: x.Image.Shelves, Filters: x.Image.Filters, Tables: x.Image.Tables} {
		w.sections[s] = rows
	}
}

// ReadIndex gives it where it lies. What is in it is for others to look at.
func ReadIndex(r *Reader) search.Stored {
	if r.Len(Refs) != r.Len(Records) {
		r.Fail("%d literals, %d places they belong to", r.Len(Records), r.Len(Refs))
	}
	return search.Stored{Refs: r.Section(Refs), Image: &prefilter.Image{Records: r.Section(Records), Entries: r.Section(Entries),
		Starts: r.Section(Starts), Shelves: r.Section(Shelves), Filters: r.Section(Filters), Tables: r.Section(Tables)}}
}
