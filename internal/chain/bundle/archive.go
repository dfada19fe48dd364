package bundle

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// Limits of a bundle, in bytes and files.
const (
	MaxSize     = 128 << 20 // compressed
	maxUnpacked = 1 << 30
	maxFiles    = 100_000
	maxMemory   = 128 << 20 // window of the decompressor
)

// Marshal writes the bundle. The same bundle gives the same bytes with the same
// version of this program; what is promised by its digest is only ever read.
func (b *Bundle) Marshal() ([]byte, error) {
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	files, err := b.files()
	if err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	var out bytes.Buffer
	packer, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(packer)
	for _, f := range files {
		err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Size: int64(len(f.Data)), Mode: 0o644})
		if err == nil {
			_, err = archive.Write(f.Data)
		}
		if err != nil {
			return nil, fmt.Errorf("bundle: %s: %w", f.Name, err)
		}
	}
	err = errors.Join(archive.Close(), packer.Close())
	return out.Bytes(), err
}

// Open reads a bundle. It runs nothing of it.
func Open(data []byte) (*Bundle, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("bundle: %d bytes, and %d are the most", len(data), MaxSize)
	}
	unpacker, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxMemory))
	if err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	defer unpacker.Close()
	b := &Bundle{}
	if err := b.read(tar.NewReader(io.LimitReader(unpacker, maxUnpacked))); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	return b, nil
}

func (b *Bundle) read(archive *tar.Reader) error {
	seen := map[string]bool{}
	for {
		head, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if head.Typeflag != tar.TypeReg || seen[head.Name] || len(seen) == maxFiles {
			return fmt.Errorf("%q is no file, is there twice, or is one too many", head.Name)
		}
		seen[head.Name] = true
		data, err := io.ReadAll(archive) // grows with what comes, not with what was claimed
		if err != nil {
			return fmt.Errorf("%q: %w", head.Name, err)
		}
		if err := b.place(head.Name, data); err != nil {
			return err
		}
	}
}
