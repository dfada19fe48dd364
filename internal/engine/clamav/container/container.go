// Package container reads ClamAV's database containers, .cvd and .cld: a
// header of 512 bytes and a tar archive, usually compressed with gzip. It
// checks the header's MD5 and signature of a .cvd, and the signed list of
// digests inside both, with the public keys that ClamAV's own programs hold.
// It hands out what is inside as streams; it writes nothing.
package container

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
)

// HeaderSize is how many bytes stand before the archive.
const HeaderSize = 512

// The limits of one container: several times the largest there is.
const (
	maxFiles = 1000
	maxBytes = 8 << 30
)

// Header is the first 512 bytes.
type Header struct {
	Time       string
	Version    int
	Signatures int
	Level      int    // the functionality level ClamAV must have
	MD5        string // of the archive, in hex
	Signature  string // of the MD5
	Builder    string
}

const magic = "ClamAV-VDB:"

// ErrNoContainer is that the bytes do not begin as a container does.
var ErrNoContainer = errors.New("not a ClamAV container: the header is missing")

// ParseHeader reads the fields of a header, padded or not.
func ParseHeader(b []byte) (*Header, error) {
	text, ok := strings.CutPrefix(string(b[:min(len(b), HeaderSize)]), magic)
	if !ok {
		return nil, ErrNoContainer
	}
	text = strings.TrimRight(text, " \x00\r\n")
	f := strings.Split(text, ":")
	if len(f) < 7 {
		return nil, fmt.Errorf("container header: %d fields, expected 7 or more", len(f))
	}
	h := &Header{Time: f[0], MD5: f[4], Signature: f[5], Builder: f[6]}
	for i, p := range []*int{&h.Version, &h.Signatures, &h.Level} {
		n, err := strconv.Atoi(f[1+i])
		if err != nil || n < 0 {
			return nil, fmt.Errorf("container header: field %d is %q, expected a number", 2+i, f[1+i])
		}
		*p = n
	}
	return h, nil
}

// Visit gets one file of a container by its bare name. It need not read it all.
type Visit func(name string, r io.Reader) error

// Read goes through a container. updated says that it is a .cld: its header
// was signed for other bytes, so only the list inside is checked. The Trust is
// complete when Read returns nil; what was handed to visit before is to be
// dropped if it is not what the caller wants.
func Read(r io.Reader, updated bool, visit Visit) (*Header, Trust, error) {
	return readWith(makers(), r, updated, visit)
}

func readWith(keys publicKeys, r io.Reader, updated bool, visit Visit) (*Header, Trust, error) {
	head := make([]byte, HeaderSize)
	if n, err := io.ReadFull(r, head); err != nil {
		if n < len(magic) || !strings.HasPrefix(string(head), magic) {
			return nil, Trust{}, ErrNoContainer
		}
		return nil, Trust{}, fmt.Errorf("container header: %d bytes, expected %d", n, HeaderSize)
	}
	h, err := ParseHeader(head)
	if err != nil {
		return nil, Trust{}, err
	}
	c := newChecker(h, updated, keys)
	body := bufio.NewReaderSize(io.TeeReader(r, c.whole), 1<<16)
	if err := walk(body, c, visit); err != nil {
		return h, Trust{}, err
	}
	// What the archive's readers left unread counts for the MD5 as well.
	if _, err := io.Copy(io.Discard, body); err != nil {
		return h, Trust{}, fmt.Errorf("read container: %w", err)
	}
	return h, c.trust(), nil
}

func walk(body *bufio.Reader, c *checker, visit Visit) error {
	var r io.Reader = body
	if b, _ := body.Peek(2); len(b) == 2 && b[0] == 0x1f && b[1] == 0x8b {
		z, err := gzip.NewReader(body)
		if err != nil {
			return fmt.Errorf("container: %w", err)
		}
		defer z.Close()
		r = z
	}
	limited := &io.LimitedReader{R: r, N: maxBytes}
	t := tar.NewReader(limited)
	for range maxFiles {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("container: %w", err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if err := c.file(path.Base(h.Name), t, visit); err != nil {
			return err
		}
	}
	return fmt.Errorf("container: more than %d files", maxFiles)
}

// Named tells whether files of a type are containers.
func Named(kind string) bool { return kind == "cvd" || kind == "cld" || kind == "cud" }
