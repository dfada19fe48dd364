package update_test

import (
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"vitrine/internal/chain/log"
	"vitrine/internal/chain/operator/operatortest"
	"vitrine/internal/chain/web"
)

// wire counts the bytes of all connections of a listener, headers and all.
type wire struct {
	net.Listener
	bytes atomic.Int64
}

// Accept implements net.Listener.
func (w *wire) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	return counted{c, &w.bytes}, err
}

type counted struct {
	net.Conn
	bytes *atomic.Int64
}

// Read implements net.Conn.
func (c counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}

// Write implements net.Conn.
func (c counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.bytes.Add(int64(n))
	return n, err
}

// overWire is a machine that follows a site over HTTP, up to date.
func overWire(t testing.TB) (*machine, *wire) {
	t.Helper()
	w := operatortest.New(t, time.Now)
	publishRules(t, w, nil)
	root, err := os.OpenRoot(w.Folder.Site())
	must(t, err)
	t.Cleanup(func() { root.Close() })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	counter := &wire{Listener: listener}
	server := &http.Server{Handler: log.Handler(w.Log, root)}
	go server.Serve(counter)
	t.Cleanup(func() { server.Close() })
	m := newMachine(t, w)
	m.config.Site, err = web.New("http://"+listener.Addr().String(), 0)
	must(t, err)
	_, err = m.update(t)
	must(t, err)
	return m, counter
}

// A look for an update that finds nothing costs little: 5 kB both ways.
func TestNothingNewOnTheWire(t *testing.T) {
	m, counter := overWire(t)
	before := counter.bytes.Load()
	r, err := m.update(t)
	if n := counter.bytes.Load() - before; err != nil || r.Channels[0].Serial != 1 || n == 0 || n > 5000 {
		t.Errorf("%d bytes: %+v, %v", n, r, err)
	}
}

// BenchmarkNothingNew is that look.
func BenchmarkNothingNew(b *testing.B) {
	m, counter := overWire(b)
	before, n := counter.bytes.Load(), 0
	for b.Loop() {
		if _, err := m.update(b); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(counter.bytes.Load()-before)/float64(n), "B-on-the-wire")
}
