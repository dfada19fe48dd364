package clamd

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/verdict"
)

type sink struct {
	mu     sync.Mutex
	events []event.Event
}

func (s *sink) Emit(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
}

// brokered runs a broker and gives the other end.
func brokered(t testing.TB, b Broker) (*Remote, func()) {
	t.Helper()
	ours, theirs, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Serve(ctx, ours) }()
	remote, err := Connect(theirs)
	if err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	stop := sync.OnceFunc(func() {
		cancel()
		defer ours.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { remote.Close(); stop() })
	return remote, stop
}

// TestBroker: the two processes together answer as one does.
func TestBroker(t *testing.T) {
	told := &sink{}
	reloaded := make(chan bool, 1)
	stats := &Stats{}
	remote, stop := brokered(t, Broker{Scanner: fake{}, Sink: told, Stats: stats, Reload: func(context.Context) error { reloaded <- true; return nil }})
	socket := serve(t, Server{Scanner: remote, Reload: remote.Reload})
	dir := sample(t)
	for request, want := range map[string]string{
		"zINSTREAM\x00" + piece(eicar()) + piece(nil): "stream" + found1 + "\x00",
		"zSCAN " + dir + "/clean\x00":                 dir + "/clean: OK\x00",
		"zALLMATCHSCAN " + dir + "/a.com\x00":         dir + "/a.com" + found1 + "\x00" + dir + "/a.com" + found2 + "\x00",
		"zSCAN " + dir + "/half\x00":                  dir + "/half: Not wholly scanned: too large by far ERROR\x00",
		"zRELOAD\x00":                                 "RELOADING\x00",
	} {
		if got := ask(t, socket, request); got != want {
			t.Errorf("%q: %q, want %q", request, got, want)
		}
	}
	<-reloaded
	if err := remote.Tell(7); err != nil {
		t.Fatal(err)
	}
	for stats.Clients.Load() != 7 {
		runtime.Gosched()
	}
	var all sync.WaitGroup
	for range 200 { // more than may be on their way at once
		all.Go(func() {
			f, err := os.Open(filepath.Join(dir, "a.com"))
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			if v, err := remote.Scan(context.Background(), "x", f); err != nil || v.State != verdict.Malicious {
				t.Errorf("%+v, %v", v, err)
			}
		})
	}
	all.Wait()
	stop()
	if stats.Clients.Load() != 0 || stats.Scanned.Load() < 204 || stats.Found.Load() < 202 {
		t.Errorf("%d clients, %d scanned, %d found", stats.Clients.Load(), stats.Scanned.Load(), stats.Found.Load())
	}
	if got := ask(t, socket, "zSCAN "+dir+"/a.com\x00"); got != dir+"/a.com: Scan failed: the guard has ended ERROR\x00" && !strings.Contains(got, "broken pipe") {
		t.Errorf("without a guard: %q", got)
	}
	if len(told.events) < 202 || told.events[0].Kind != event.Detection {
		t.Errorf("%d events", len(told.events))
	}
}

// TestBrokerBelievesNothing: what no honest process sends ends the connection,
// and a file that is none is not handed to a scanner.
func TestBrokerBelievesNothing(t *testing.T) {
	file, err := os.Open(filepath.Join(sample(t), "a.com"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, c := range []struct {
		message string
		file    *os.File
	}{
		{"", nil}, {"{", nil}, {`{"id":1}`, nil}, {`{"reload":true}`, file}, {`{"clients":1}`, file}, {`{"clients":-1}`, nil}, {`[]`, file}, {`{"id":-1}`, file},
		{`{"id":1,"name":"` + strings.Repeat("a", maxName+1) + `"}`, file}, {strings.Repeat("x", maxPacket+1), nil},
	} {
		ours, theirs, err := Pair()
		if err != nil {
			t.Fatal(err)
		}
		p, err := newPackets(theirs)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.send([]byte(c.message), c.file); err != nil {
			t.Fatal(err)
		}
		err = Broker{Scanner: fake{}}.Serve(context.Background(), ours)
		if (err == nil) != (c.message == "") { // nothing at all is how a socket ends
			t.Errorf("%.40q: %v", c.message, err)
		}
		p.file.Close()
		ours.Close()
		theirs.Close()
	}
	remote, _ := brokered(t, Broker{Scanner: fake{}})
	folder, err := os.Open(os.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if _, err := remote.Scan(context.Background(), "x", folder); err == nil {
		t.Error("a folder was scanned")
	}
}

// TestBrokerEnds: a scan that nobody waits for any more hurts nobody.
func TestBrokerEnds(t *testing.T) {
	hold := make(chan struct{})
	remote, _ := brokered(t, Broker{Scanner: fake{hold: hold}})
	f, err := os.Open(filepath.Join(sample(t), "a.com"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := remote.Scan(ctx, "x", f); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	close(hold)
	if v, err := remote.Scan(context.Background(), "x", f); err != nil || v.State != verdict.Malicious {
		t.Errorf("%+v, %v", v, err)
	}
}

func FuzzAsked(f *testing.F) {
	for _, seed := range []string{"", "{", `{"id":1,"name":"x"}`, `{"reload":true}`, `{"clients":3}`, `{"clients":-3,"reload":true}`, `{"id":1e9}`, `null`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		a, err := readAsked(message, nil)
		if err == nil && (len(a.Name) > maxName || (!a.Reload && a.Clients == nil) || (a.Clients != nil && *a.Clients < 0)) {
			t.Fatalf("%q was taken as %+v", message, a)
		}
	})
}
