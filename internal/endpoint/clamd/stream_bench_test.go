package clamd

import (
	"context"
	"io"
	"os"
	"testing"

	"vitrine/internal/endpoint/local"
	"vitrine/internal/endpoint/verdict"
)

// clean is a scanner that costs nothing.
type clean struct{}

func (clean) Scan(context.Context, string, *os.File) (verdict.Verdict, error) {
	return verdict.Verdict{State: verdict.Clean}, nil
}

// BenchmarkStream is what a stream of 1 KiB costs besides its scan, with both
// processes in one.
func BenchmarkStream(b *testing.B) {
	remote, _ := brokered(b, Broker{Scanner: clean{}})
	socket := serve(b, Server{Scanner: remote})
	request := []byte("zINSTREAM\x00" + piece(make([]byte, 1<<10)) + piece(nil))
	b.Run("connection", func(b *testing.B) {
		for b.Loop() {
			c, err := local.Dial(socket)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := c.Write(request); err != nil {
				b.Fatal(err)
			}
			if got, err := io.ReadAll(c); err != nil || string(got) != "stream: OK\x00" {
				b.Fatalf("%q, %v", got, err)
			}
			c.Close()
		}
	})
	b.Run("session", func(b *testing.B) {
		c, err := local.Dial(socket)
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte("zIDSESSION\x00")); err != nil {
			b.Fatal(err)
		}
		answer := make([]byte, 100)
		for b.Loop() {
			if _, err := c.Write(request); err != nil {
				b.Fatal(err)
			}
			if _, err := c.Read(answer); err != nil {
				b.Fatal(err)
			}
		}
	})
}
