package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"vitrine/internal/endpoint/local"
)

// request is a stream as clients send it.
func request(command string, data []byte) []byte {
	out := append([]byte(command), binary.BigEndian.AppendUint32(nil, uint32(len(data)))...)
	return append(append(out, data...), 0, 0, 0, 0)
}

// measure asks for a while and gives the streams a second. Each stream is of
// its own, so that nothing can be known of it.
func (l load) measure(ctx context.Context, socket string, length time.Duration) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	var done atomic.Int64
	var clients sync.WaitGroup
	failed := make(chan error, l.clients)
	start := time.Now()
	for i := range l.clients {
		clients.Go(func() {
			data := make([]byte, l.size)
			r := rand.NewChaCha8([32]byte{byte(i)})
			_, _ = r.Read(data) // it never fails
			ask := l.apart
			if l.session {
				ask = l.together
			}
			if err := ask(ctx, socket, data, &done); err != nil {
				failed <- err
			}
		})
	}
	clients.Wait()
	took := time.Since(start)
	select {
	case err := <-failed:
		return 0, err
	default:
		return float64(done.Load()) / took.Seconds(), nil
	}
}

// apart makes a connection for each stream.
func (l load) apart(ctx context.Context, socket string, data []byte, done *atomic.Int64) error {
	for n := uint64(0); ctx.Err() == nil; n++ {
		binary.LittleEndian.PutUint64(data, n)
		got, err := once(socket, data)
		if err != nil {
			return err
		}
		if got != "stream: OK\x00" {
			return fmt.Errorf("answer %q", got)
		}
		done.Add(1)
	}
	return nil
}

// together sends all streams over one connection, each after the answer to the
// one before.
func (l load) together(ctx context.Context, socket string, data []byte, done *atomic.Int64) error {
	c, err := local.Dial(socket)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := io.WriteString(c, "zIDSESSION\x00"); err != nil {
		return err
	}
	answers := bufio.NewReader(c)
	for n := uint64(0); ctx.Err() == nil; n++ {
		binary.LittleEndian.PutUint64(data, n)
		if _, err := c.Write(request("zINSTREAM\x00", data)); err != nil {
			return err
		}
		got, err := answers.ReadBytes(0)
		if err != nil {
			return err
		}
		if !bytes.HasSuffix(got, []byte(": stream: OK\x00")) {
			return fmt.Errorf("answer %q", got)
		}
		done.Add(1)
	}
	_, err = io.WriteString(c, "zEND\x00")
	return err
}
