package document

import (
	"io"
	"strings"

	"vitrine/internal/engine/document/ole"
	"vitrine/internal/engine/limit"
)

// compound is one compound file being taken apart.
type compound struct {
	*Walker
	file *ole.File
	size int // of the file
}

// ole hands out every stream under its path. What a stream holds in packed
// form follows: the modules of a VBA project and the file in an Ole10Native.
func (w *Walker) ole(data []byte) error {
	f, err := ole.Open(data)
	if err != nil {
		w.Sink.Problem(err)
	}
	if f == nil {
		return nil
	}
	c := &compound{Walker: w, file: f, size: len(data)}
	for i := range f.Entries() {
		if e := &f.Entries()[i]; e.Stream() {
			if err := c.stream(i, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *compound) stream(i int, e *ole.Entry) error {
	path := c.file.Path(i)
	if done, err := c.native(path, e); done || err != nil {
		return err
	}
	if err := c.raw(path, e); err != nil {
		return err
	}
	switch name := strings.ToLower(e.Name); {
	case name == "dir" && c.parentIs(e, "vba"):
		return c.macros(e)
	case name == "encryptedpackage" && e.Parent == 0:
		c.Sink.Problem(limit.Errorf(limit.Encrypted, "the document is encrypted"))
	case name == "worddocument" && e.Parent == 0:
		return c.word(e)
	case (name == "workbook" || name == "book") && e.Parent == 0:
		return c.workbook(e)
	}
	return nil
}

func (c *compound) raw(path string, e *ole.Entry) error {
	if data := c.file.Whole(e); data != nil {
		return c.Sink.Whole(path, data)
	}
	return c.Sink.Decoded(path, c.file.Reader(e), int(min(e.Size, int64(c.size))))
}

// skipStep is how many bytes are gone over between two looks at the budget.
const skipStep = 1 << 20

// skip goes over n bytes. They are counted: many streams can share them.
func (c *compound) skip(r io.Reader, n int64) error {
	for n > 0 {
		k, err := io.CopyN(io.Discard, r, min(n, skipStep))
		if spent := c.Budget.Spend(k); spent != nil {
			return spent
		}
		if err != nil {
			return limit.Errorf(limit.Damaged, "ole: a stream ends before what it is said to hold")
		}
		n -= k
	}
	return nil
}

// spending counts what is read through it, as skip does.
type spending struct {
	io.Reader
	b *limit.Budget
}

// Read ends with the budget.
func (s spending) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if spent := s.b.Spend(int64(n)); spent != nil {
		return n, spent
	}
	return n, err
}

// parentIs tells whether e lies in a storage of that name.
func (c *compound) parentIs(e *ole.Entry, name string) bool {
	return e.Parent > 0 && strings.EqualFold(c.file.Entries()[e.Parent].Name, name)
}

// fibEncrypted is a flag in the header of a Word stream (MS-DOC 2.5.2).
const fibEncrypted = 0x0100

// word tells of a password: the text and what hides in it cannot be read.
func (c *compound) word(e *ole.Entry) error {
	var fib [12]byte
	if _, err := io.ReadFull(c.file.Reader(e), fib[:]); err != nil {
		return nil // told when the stream was handed out
	}
	if (uint(fib[10])|uint(fib[11])<<8)&fibEncrypted != 0 {
		c.Sink.Problem(limit.Errorf(limit.Encrypted, "the document is encrypted"))
	}
	return nil
}
