package yaracmd

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
)

// Lines of one page stay together, however many pages are written at a time
// and whether or not they are larger than what is held back.
func TestPagesStayTogether(t *testing.T) {
	var got bytes.Buffer
	o := newOutput(&got)
	var done sync.WaitGroup
	for i := range 8 {
		done.Go(func() {
			p := o.page()
			for range 3 {
				for range 100 {
					p.printf("%d %s\n", i, strings.Repeat("x", 10+i*2000))
				}
				p.close()
			}
		})
	}
	done.Wait()
	if err := o.flush(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(got.String(), "\n"), "\n")
	if len(lines) != 8*3*100 {
		t.Fatalf("%d lines, want %d", len(lines), 8*3*100)
	}
	for i, l := range lines {
		if first := lines[i/100*100]; l != first {
			t.Fatalf("line %d is of another page than line %d", i, i/100*100)
		}
	}
}

func TestOutputKeepsTheFirstError(t *testing.T) {
	full := errors.New("no space left")
	o := newOutput(&failing{after: 1, err: full})
	p := o.page()
	p.printf("fits\n")
	if err := p.close(); err != nil {
		t.Fatalf("first page: %v", err)
	}
	p.printf("does not\n")
	if err := p.close(); !errors.Is(err, full) {
		t.Errorf("second page: %v, want %v", err, full)
	}
	p.write(bytes.Repeat([]byte("x"), 2*pageSize))
	if err := p.close(); !errors.Is(err, full) {
		t.Errorf("large page: %v, want %v", err, full)
	}
	if err := o.flush(); !errors.Is(err, full) {
		t.Errorf("flush: %v, want %v", err, full)
	}
}

// failing takes some writes, then none.
type failing struct {
	after int
	err   error
}

func (f *failing) Write(p []byte) (int, error) {
	if f.after--; f.after < 0 {
		return 0, f.err
	}
	return len(p), nil
}
