package quarantine

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// metaFormat heads every meta.json.
const metaFormat = "vitrine-quarantine/1"

const (
	maxMeta    = 8 << 20 // bytes of a meta.json
	maxExtents = 4096
)

type metaJSON struct {
	Format string `json:"format"`
	Entry
}

// encode gives the meta.json of an entry.
func encode(e Entry) ([]byte, error) {
	data, err := json.MarshalIndent(metaJSON{metaFormat, e}, "", "\t")
	if err != nil {
		return nil, fmt.Errorf("write the metadata: %w", err)
	}
	return append(data, '\n'), nil
}

// decode reads a meta.json, and refuses what no entry can be.
func decode(data []byte) (Entry, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var m metaJSON
	if err := d.Decode(&m); err != nil {
		return Entry{}, err
	}
	if _, err := d.Token(); err != io.EOF {
		return Entry{}, errors.New("there is something behind the metadata")
	}
	if m.Format != metaFormat {
		return Entry{}, fmt.Errorf("format %q is not %q", m.Format, metaFormat)
	}
	return m.Entry, m.Entry.validate()
}

func (e *Entry) validate() error {
	if _, ok := idOf(e.ID); !ok {
		return fmt.Errorf("%q is no id", e.ID)
	}
	switch e.State {
	case Taking, Kept:
	case Restoring:
		if !validPath(string(e.Restoring)) {
			return errors.New("it is being restored, and does not say where to")
		}
	default:
		return fmt.Errorf("%q is no state of an entry", e.State)
	}
	if !validPath(string(e.Path)) {
		return errors.New("the path is not one")
	}
	if sum, err := hex.DecodeString(e.SHA256); err != nil || len(sum) != 32 {
		return errors.New("the digest is not one")
	}
	if e.Size < 0 || e.Stored < 0 || e.Meta.Mode&^0o7777 != 0 {
		return errors.New("a size or the mode is not one")
	}
	return e.validExtents()
}

// validPath reports whether path is absolute and clean, and so names nothing
// outside the root it is looked up in.
func validPath(path string) bool {
	return len(path) <= maxPath && filepath.IsAbs(path) && filepath.Clean(path) == path && path != "/" && !strings.Contains(path, "\x00")
}

// maxPath is more than the kernel takes: the paths it tells can be longer.
const maxPath = 64 << 10

func (e *Entry) validExtents() error {
	if len(e.Extents) > maxExtents || !e.Holes && len(e.Extents) > 0 {
		return errors.New("the extents are too many")
	}
	end := int64(0)
	for _, x := range e.Extents {
		if x.Offset < end || x.Length <= 0 || x.Length > e.Size-x.Offset {
			return errors.New("the extents do not lie in the file")
		}
		end = x.Offset + x.Length
	}
	return nil
}

// read gives the entry of an id; a broken one, with the error, when what lies
// there is none.
func (s *Store) read(id string) (Entry, error) {
	data, err := readBounded(s.path(id, metaName), maxMeta)
	if err != nil {
		if _, gone := os.Lstat(s.path(id)); errors.Is(gone, os.ErrNotExist) {
			return Entry{}, fmt.Errorf("%w: %s: %w", ErrNoEntry, id, gone)
		}
		return broken(id, err)
	}
	e, err := decode(data)
	if err == nil && e.ID != id {
		err = fmt.Errorf("it is the metadata of %s", e.ID)
	}
	if err != nil {
		return broken(id, err)
	}
	info, err := os.Lstat(s.path(id, blobName))
	if err != nil || !info.Mode().IsRegular() || info.Size() != e.Stored {
		return broken(id, errors.Join(err, errors.New("the encrypted copy is not what was stored")))
	}
	return e, nil
}

func broken(id string, why error) (Entry, error) {
	at, _ := idOf(id)
	return Entry{ID: id, State: Broken, Why: oneLine(why), Taken: at}, fmt.Errorf("%w: entry %s: %w", ErrBroken, id, why)
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// write replaces the metadata of an entry.
func (s *Store) write(folder string, e Entry) error {
	data, err := encode(e)
	if err != nil {
		return err
	}
	return s.disk.WriteFile(filepath.Join(s.config.Dir, folder, metaName), data, 0o600)
}
