package quarantine

import (
	"encoding/json"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/verdict"
	"vitrine/internal/spelling"
)

// State says where in its life an entry is.
type State string

const (
	// Taking: the copy is complete, and the original may still be there. It
	// lasts while the original is removed, or until that can be finished.
	Taking State = "taking"
	// Kept: the copy is the only one under this name.
	Kept State = "kept"
	// Restoring: the file is being put back; Entry.Restoring says where.
	Restoring State = "restoring"
	// Broken: what lies in the folder is no entry; Entry.Why says why. It is
	// never removed but by Delete.
	Broken State = "broken"
)

// Name is a path or a file's name: raw bytes. In JSON it is an object of the
// form that may be shown and, where that is another, the bytes in base64.
type Name string

type nameJSON struct {
	Shown string `json:"shown"`
	Bytes []byte `json:"base64,omitempty"`
}

// Shown is the name as it may be printed; see spelling.Escape.
func (n Name) Shown() string { return spelling.Escape(string(n)) }

// MarshalJSON loses nothing, whatever the bytes are.
func (n Name) MarshalJSON() ([]byte, error) {
	j := nameJSON{Shown: n.Shown()}
	if j.Shown != string(n) {
		j.Bytes = []byte(n)
	}
	return json.Marshal(j)
}

// UnmarshalJSON takes what MarshalJSON gives.
func (n *Name) UnmarshalJSON(data []byte) error {
	var j nameJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*n = Name(j.Shown)
	if j.Bytes != nil {
		*n = Name(j.Bytes)
	}
	return nil
}

// Xattr is one extended attribute: access control lists, capabilities and
// labels are kept as such too.
type Xattr struct {
	Name  Name   `json:"name"`
	Value []byte `json:"value"` // base64 in JSON
}

// Metadata is what a file has beside its bytes. All of it but Ctime, Birth,
// Dev, Ino and Nlink, which only the kernel sets, is put back by Restore.
type Metadata struct {
	UID   uint32  `json:"uid"`
	GID   uint32  `json:"gid"`
	Mode  uint32  `json:"mode"`            // permission bits, set-id and sticky, as in stat
	Flags int     `json:"flags,omitempty"` // of the inode, as lsattr shows them; those a file can be given back
	Atime int64   `json:"atime_ns"`        // nanoseconds since 1970, as all times here
	Mtime int64   `json:"mtime_ns"`
	Ctime int64   `json:"ctime_ns"`
	Birth int64   `json:"birth_ns,omitempty"` // 0: the file system has none
	Xattr []Xattr `json:"xattrs,omitempty"`
	// Dropped counts attributes of users that were not kept because there were
	// too many: those of the system come first.
	Dropped int    `json:"xattrs_dropped,omitempty"`
	Dev     uint64 `json:"dev"`
	Ino     uint64 `json:"ino"`
	Nlink   uint64 `json:"nlink"` // names the file had when it was taken
}

// Extent is a piece of a file that is not a hole.
type Extent struct {
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
}

// Entry is one file in the quarantine.
type Entry struct {
	ID    string    `json:"id"`
	State State     `json:"state"`
	Why   string    `json:"why,omitempty"` // of Broken; of Taking when the original could not be reached
	Taken time.Time `json:"taken,omitzero"`

	Path       Name   `json:"path"`                  // absolute, as seen from Root
	Root       string `json:"root,omitempty"`        // whose root Path is seen from, when it is not the guard's own
	Deleted    bool   `json:"deleted,omitempty"`     // it had no name any more when it was taken
	OtherNames []Name `json:"other_names,omitempty"` // further names of the same file, found beside it; Meta.Nlink says how many there were

	Size    int64    `json:"size"`              // bytes of the file, holes included
	Holes   bool     `json:"holes,omitempty"`   // Extents are all that is not a hole; false: there is none
	Extents []Extent `json:"extents,omitempty"` // in order, apart from each other
	SHA256  string   `json:"sha256"`            // of the file, in hexadecimal
	Stored  int64    `json:"stored"`            // bytes on disk of the encrypted copy

	Meta     Metadata          `json:"metadata"`
	Findings []verdict.Finding `json:"findings,omitempty"`
	Rules    string            `json:"rules,omitempty"`   // identity of the rules that found it
	Process  *event.Process    `json:"process,omitempty"` // who wrote, ran or opened it

	Restoring Name `json:"restoring,omitzero"` // where it is being put; the state says that it is
}
