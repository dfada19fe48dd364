package quarantine

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/quarantine/zipcrypto"
)

// ErrDocument: it is a document, holds one, or nobody could tell.
var ErrDocument = errors.New("documents are not exported by themselves")

// password is what people who handle malware try first.
const password = "infected"

// Export says what to hand on, and how.
type Export struct {
	IDs       []string // one at least
	Password  string   // ""; "infected"
	Documents bool     // also documents, and what nobody could look into
	By        string   // who wants it, for the event; may be empty
}

// Export writes a zip archive, encrypted so that nothing opens it by accident,
// with a folder for each entry: the file, named for its digest, and meta.json.
// The entries stay. Nothing is written when one of the entries is damaged, or
// holds a document and Documents is not set.
func (s *Store) Export(ctx context.Context, w io.Writer, x Export) ([]Entry, error) {
	entries, err := s.exported(ctx, x)
	if err != nil {
		return nil, err
	}
	if x.Password == "" {
		x.Password = password
	}
	archive := zip.NewWriter(w)
	for _, e := range entries {
		if err := s.export(ctx, archive, x.Password, e); err != nil {
			return nil, fmt.Errorf("export %s: %w", e.ID, err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	for _, e := range entries {
		s.emit(about(e.Entry, event.Medium, event.Exported, "exported from the quarantine"+who(x.By)+": "+e.Path.Shown()))
	}
	plain := make([]Entry, len(entries))
	for i, e := range entries {
		plain[i] = e.Entry
	}
	return plain, nil
}

// checked is an entry that was read once, for what has to stand before it.
type checked struct {
	Entry
	crc uint32
}

// exported reads everything that is to be written.
func (s *Store) exported(ctx context.Context, x Export) ([]checked, error) {
	if len(x.IDs) == 0 {
		return nil, fmt.Errorf("export: %w", ErrNoEntry)
	}
	var entries []checked
	var held []string
	for _, id := range x.IDs {
		c, err := s.check(ctx, id, x.Documents)
		if errors.Is(err, ErrDocument) {
			held = append(held, err.Error())
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("export %s: %w", id, err)
		}
		entries = append(entries, c)
	}
	if len(held) > 0 {
		return nil, fmt.Errorf("export: %w", documents{held})
	}
	return entries, nil
}

// documents is an error that tells of each entry why it was held back.
type documents struct{ held []string }

func (d documents) Error() string { return strings.Join(d.held, "; ") }

// Is makes it an ErrDocument.
func (d documents) Is(err error) bool { return err == ErrDocument }

// check decrypts an entry, and has it looked at.
func (s *Store) check(ctx context.Context, id string, anything bool) (checked, error) {
	id, err := s.Find(id)
	if err != nil {
		return checked{}, err
	}
	e, err := s.read(id)
	if err != nil {
		return checked{}, err
	}
	c := checked{Entry: e}
	sum := crc32.NewIEEE()
	if anything {
		err := s.whole(ctx, &e, sum)
		c.crc = sum.Sum32()
		return c, err
	}
	if s.config.Sorter == nil {
		return c, fmt.Errorf("%w: nobody is there to tell whether %s is one", ErrDocument, id)
	}
	file, err := inMemory(id)
	if err != nil {
		return c, err
	}
	defer file.Close()
	if err := s.whole(ctx, &e, io.MultiWriter(sum, file)); err != nil {
		return c, err
	}
	c.crc = sum.Sum32()
	return c, s.sort(ctx, file, id)
}

// sort asks whether what lies in memory is or holds a document.
func (s *Store) sort(ctx context.Context, file *os.File, id string) error {
	const seals = unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(file.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return fmt.Errorf("seal a copy in memory: %w", err)
	}
	look, err := readOnly(file)
	if err != nil {
		return err
	}
	defer look.Close()
	kinds, err := s.config.Sorter.Documents(ctx, look)
	if err != nil {
		return fmt.Errorf("%w: nobody could tell whether %s is one: %w", ErrDocument, id, err)
	}
	if len(kinds) > 0 {
		return fmt.Errorf("%w: %s holds %s", ErrDocument, id, strings.Join(kinds, ", "))
	}
	return nil
}

// readOnly opens an open file once more, from its start, so that it cannot be
// written to by whoever gets that.
func readOnly(file *os.File) (*os.File, error) {
	return os.Open(fmt.Sprintf("/proc/self/fd/%d", file.Fd()))
}

// inMemory is a file that is nowhere but in memory.
func inMemory(name string) (*os.File, error) {
	fd, err := unix.MemfdCreate("vitrine-"+name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("make a copy in memory: %w", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// whole writes the file of an entry with its holes as zeros.
func (s *Store) whole(ctx context.Context, e *Entry, w io.Writer) error {
	at, zeros := int64(0), make([]byte, piece)
	fill := func(until int64) error {
		for at < until {
			if err := ctx.Err(); err != nil {
				return err
			}
			n, err := w.Write(zeros[:min(until-at, piece)])
			if at += int64(n); err != nil {
				return err
			}
		}
		return nil
	}
	err := s.plain(ctx, s.path(e.ID, blobName), e, func(offset int64, data []byte) error {
		if err := fill(offset); err != nil {
			return err
		}
		n, err := w.Write(data)
		at += int64(n)
		return err
	})
	if err != nil {
		return err
	}
	return fill(e.Size)
}

func (s *Store) export(ctx context.Context, archive *zip.Writer, password string, c checked) error {
	meta, err := encode(c.Entry)
	if err != nil {
		return err
	}
	at := c.Taken.UTC().Truncate(2 * time.Second)
	w, err := zipcrypto.Add(archive, s.config.Rand, password, zipcrypto.File{
		Name: c.ID + "/" + c.SHA256, Modified: at, CRC32: c.crc, Size: c.Size,
	})
	if err != nil {
		return err
	}
	if err := s.whole(ctx, &c.Entry, w); err != nil {
		return err
	}
	w, err = zipcrypto.Add(archive, s.config.Rand, password, zipcrypto.File{
		Name: c.ID + "/" + metaName, Modified: at, CRC32: crc32.ChecksumIEEE(meta), Size: int64(len(meta)),
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, bytes.NewReader(meta))
	return err
}
