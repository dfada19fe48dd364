package disctest

import (
	"context"
	"errors"
	"io"

	"vitrine/internal/engine/limit"
)

// Sink keeps what it is handed.
type Sink struct {
	Budget   *limit.Budget
	Names    []string
	Data     map[string]string
	Copied   []string // the files that did not lie in one piece
	Problems []string
}

// NewSink makes a Sink for an image of so many bytes.
func NewSink(l limit.Limits, size int) *Sink {
	b := limit.NewBudget(limit.Config{Limits: l})
	b.Begin(context.Background(), int64(size))
	return &Sink{Budget: b, Data: map[string]string{}}
}

// Whole keeps a file that lies in one piece.
func (s *Sink) Whole(name string, data []byte) error {
	if err := s.Budget.AddFile(); err != nil {
		return err
	}
	s.Names = append(s.Names, name)
	s.Data[name] = string(data)
	return nil
}

// Decoded keeps a file that is read.
func (s *Sink) Decoded(name string, r io.Reader, packed int) error {
	if err := s.Budget.AddFile(); err != nil {
		return err
	}
	s.Names, s.Copied = append(s.Names, name), append(s.Copied, name)
	var out []byte
	buf := make([]byte, 5000)
	for {
		n, err := r.Read(buf)
		out = append(out, buf[:n]...)
		if spent := s.Budget.Spend(int64(n)); spent != nil {
			return spent
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			s.Problems = append(s.Problems, name+": "+err.Error())
			break
		}
	}
	s.Data[name] = string(out)
	return nil
}

// Problem keeps a problem.
func (s *Sink) Problem(err error) { s.Problems = append(s.Problems, err.Error()) }
