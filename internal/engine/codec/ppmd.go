package codec

import (
	"bufio"
	"errors"
	"io"

	"vitrine/internal/engine/codec/ppmd"
)

// PPMd opens a PPMd stream of variant H as 7z has it, of size bytes.
func (o *Opener) PPMd(r io.Reader, order int, memory, size int64) (io.ReadCloser, error) {
	z := &ppmdReader{dec: ppmd.New(o.Budget), left: size}
	err := z.dec.Start(order, memory)
	if err == nil {
		err = z.dec.Init7z(bufio.NewReader(r))
	}
	if err != nil {
		z.dec.Close()
		return nil, err
	}
	return z, nil
}

type ppmdReader struct {
	dec  *ppmd.Decoder
	left int64
	err  error
}

// Read decodes.
func (z *ppmdReader) Read(p []byte) (int, error) {
	if z.err == nil && z.left <= 0 {
		z.err = io.EOF
	}
	p = p[:min(int64(len(p)), max(z.left, 0))]
	n := 0
	for n < len(p) && z.err == nil {
		if p[n], z.err = z.dec.Byte(); z.err == nil {
			n++
		}
	}
	if errors.Is(z.err, ppmd.ErrEnd) {
		z.err = io.ErrUnexpectedEOF
	}
	z.left -= int64(n)
	if n > 0 {
		return n, nil
	}
	return 0, z.err
}

// Close gives the memory back.
func (z *ppmdReader) Close() error {
	z.dec.Close()
	z.err = io.ErrClosedPipe
	return nil
}
