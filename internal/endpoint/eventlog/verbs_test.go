package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/local"
)

// served gives a client of a log's verbs.
func served(t *testing.T, l *Log, file string) *control.Client {
	t.Helper()
	socket, err := local.Listen(filepath.Join(t.TempDir(), "s"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- (&control.Server{Verbs: l.Verbs(file, 1)}).Serve(ctx, socket) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	c, err := control.Dial(socket.Path())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func heard(lines []json.RawMessage) string {
	var out []string
	for _, text := range lines {
		e, err := Decode(text)
		if err != nil {
			return err.Error()
		}
		out = append(out, e.Message)
	}
	return strings.Join(out, " ")
}

func TestVerbEvents(t *testing.T) {
	name := filepath.Join(t.TempDir(), "events.jsonl")
	keeper := openFile(t, name, 1<<20, 1)
	l := New(Options{Keepers: []Named{{"f", keeper}}, Now: time.Now, Recent: 2})
	defer l.Close()
	for i := range 4 {
		e := say(fmt.Sprint(i))
		e.Time = at.Add(time.Duration(i) * time.Hour)
		if i == 3 {
			e.Kind = event.Detection
		}
		l.Emit(e)
	}
	wait(l, 4)
	for _, q := range []struct {
		file, want string
		args       Args
	}{
		{name, "0 1 2 3", Args{}}, {name, "3", Args{Kinds: []event.Kind{event.Detection}}}, {name, "2 3", Args{Since: at.Add(2 * time.Hour)}},
		{"", "2 3", Args{}}, {name + ".none", "2 3", Args{}}, {"", "2", Args{Kinds: []event.Kind{event.Change}}},
	} {
		got, err := control.All[json.RawMessage](t.Context(), served(t, l, q.file), "events", q.args)
		if err != nil || heard(got) != q.want {
			t.Errorf("%+v: %s, %v", q, heard(got), err)
		}
	}
	if err := served(t, l, name).Call(t.Context(), "events", map[string]int{"sinc": 1}, nil); err == nil {
		t.Error("took an argument that there is not")
	}
}

// TestFollow: the past, then what happens, each once, until the client leaves.
func TestFollow(t *testing.T) {
	name := filepath.Join(t.TempDir(), "events.jsonl")
	l := New(Options{Keepers: []Named{{"f", openFile(t, name, 1<<20, 1)}}, Now: time.Now})
	defer l.Close()
	go func() {
		for i := range 500 {
			l.Emit(say(fmt.Sprint(i)))
		}
	}()
	wait(l, 50)
	var got []json.RawMessage
	enough := errors.New("enough")
	err := served(t, l, name).Call(t.Context(), "events", Args{Follow: true}, func(text json.RawMessage) error {
		if got = append(got, text); len(got) == 501 {
			return enough
		}
		if len(got) == 500 {
			l.Emit(say("500"))
		}
		return nil
	})
	if err != enough {
		t.Fatal(err)
	}
	var want []string
	for i := range 501 {
		want = append(want, fmt.Sprint(i))
	}
	if heard(got) != strings.Join(want, " ") {
		t.Errorf("got %s", heard(got))
	}
}

// TestFollowTooSlow: one who misses events is told how many.
func TestFollowTooSlow(t *testing.T) {
	l := New(Options{Now: fixed})
	f := l.Follow(1)
	for range 3 {
		l.Emit(say("x"))
	}
	wait(l, 3)
	l.Close()
	var got []json.RawMessage
	call := control.Call{Reply: func(v any) error { got = append(got, v.(json.RawMessage)); return nil }}
	if err := l.forward(t.Context(), call, Filter{}, f, nil); err != nil {
		t.Fatal(err)
	}
	if heard(got) != "2 events are missing here: they came faster than they were taken x" {
		t.Errorf("got %s", heard(got))
	}
}
