package eventlog

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"vitrine/internal/endpoint/event"
)

// Filter says which events are wanted. The zero Filter wants all.
type Filter struct {
	Since time.Time
	Kinds []event.Kind
}

// Wants says whether an event is wanted.
func (f Filter) Wants(e *event.Event) bool {
	return !e.Time.Before(f.Since) && (len(f.Kinds) == 0 || slices.Contains(f.Kinds, e.Kind))
}

// maxLine is how long a line of a file may be; longer ones are no events.
const maxLine = 1 << 20

// Read gives the wanted events of a file and of those that were put aside, as
// oldest first, to each until it fails. It gives how many lines it could not
// read, because they were cut off or are not vitrine's. A file that is put aside
// meanwhile may be missed.
func Read(name string, keep int, want Filter, each func(Line) error) (skipped int, err error) {
	if _, err := os.Stat(name); err != nil {
		return 0, err
	}
	for i := keep; i >= 0; i-- {
		from := name
		if i > 0 {
			from = aside(name, i)
		}
		n, err := readFile(from, want, each)
		skipped += n
		if err != nil {
			return skipped, err
		}
	}
	return skipped, nil
}

func readFile(name string, want Filter, each func(Line) error) (skipped int, err error) {
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer file.Close()
	// A file that was last written before is not worth reading.
	if info, err := file.Stat(); err == nil && info.ModTime().Add(time.Minute).Before(want.Since) {
		return 0, nil
	}
	r := bufio.NewReaderSize(file, 1<<16)
	for {
		text, err := nextLine(r)
		if err == io.EOF {
			return skipped, nil
		}
		if err != nil {
			return skipped, err
		}
		if len(text) == 0 {
			continue
		}
		e, err := Decode(text)
		switch {
		case err != nil:
			skipped++
		case want.Wants(&e):
			if err := each(Line{e, text}); err != nil {
				return skipped, err
			}
		}
	}
}

// nextLine gives a line without its newline. Of one that is too long it gives
// what no decoder takes.
func nextLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line) <= maxLine {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err == nil || err == io.EOF && len(line) > 0:
			if len(line) > maxLine {
				line = line[:maxLine]
			}
			return bytes.TrimSuffix(line, []byte{'\n'}), nil
		default:
			return nil, err
		}
	}
}
