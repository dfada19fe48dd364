package gap

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vitrine/internal/durable"
	"vitrine/internal/durable/durabletest"
	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/local"
)

// TestPowerCut: at whatever step the power goes, and whatever the disk loses,
// the guard comes back off if that was said to be done, and otherwise as one or
// the other; and there is always a gap to be closed before it is protected.
func TestPowerCut(t *testing.T) {
	var m *machine
	var saidOff, saidOn bool
	durabletest.Each(func() string {
		m, saidOff, saidOn = newMachine(t), false, false
		return filepath.Dir(m.dir)
	}, func(disk durable.Disk, _ string) error {
		c := m.config()
		c.Disk = disk
		s, err := Open(c)
		if err != nil {
			return err
		}
		m.pass(time.Minute)
		if err := s.Off("test", "me", 0); err != nil {
			return err
		}
		saidOff = true
		m.pass(time.Minute)
		if err := s.stamp(false); err != nil {
			return err
		}
		if err := s.On("me"); err != nil {
			return err
		}
		saidOn = true
		return s.stamp(true)
	}, func(_ string, done bool) {
		m.pass(time.Hour)
		s := m.open()
		switch st := s.Status(); {
		case st.State == Protected:
			t.Error("protected after a power cut")
		case saidOff && !saidOn && st.State != Off:
			t.Errorf("it was off, and is %s", st.State)
		case !saidOff && st.State == Off && st.Reason != "test":
			t.Errorf("%+v", st)
		case done && (st.State != Closing || len(st.Open) != 3):
			t.Errorf("after a good end: %+v", st)
		}
	})
}

// TestFullDisk: off is refused when it cannot be kept; on is not.
func TestFullDisk(t *testing.T) {
	m := newMachine(t)
	m.session()
	full := false
	c := m.config()
	c.Disk = durable.Disk{Trace: func(durable.Op) error {
		if full {
			return os.ErrPermission
		}
		return nil
	}}
	s, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	full = true
	if err := s.Off("test", "me", 0); err == nil || !s.Acting() {
		t.Errorf("off: %v, %+v", err, s.Status())
	}
	full = false
	if err := s.Off("test", "me", 0); err != nil {
		t.Fatal(err)
	}
	full = true
	if err := s.On("me"); err != nil || !s.Acting() || s.Status().State != Closing {
		t.Errorf("on: %v, %+v", err, s.Status())
	}
}

// TestVerbs: over the guard's socket.
func TestVerbs(t *testing.T) {
	m := newMachine(t)
	s := m.open()
	defer m.run(s)()
	m.until(s, Protected)
	socket := filepath.Join(m.root, "s")
	l, err := local.Listen(socket, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	ended := make(chan error)
	server := control.Server{Verbs: s.Verbs()}
	go func() { ended <- server.Serve(ctx, l) }()
	defer func() { cancel(); <-ended }()
	client, err := control.Dial(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, c := range []struct {
		verb string
		args any
		want State // of the last answer; empty: refused
	}{
		{"protect.on", OnArgs{}, ""},
		{"protect.on", OnArgs{Wait: true}, Protected},
		{"protect.off", OffArgs{}, ""},
		{"protect.off", OffArgs{Reason: "x", For: "soon"}, ""},
		{"protect.off", OffArgs{Reason: "x", For: "-1m"}, ""},
		{"protect.off", OffArgs{Reason: "x", For: "1h"}, Off},
		{"protect.off", OffArgs{Reason: "x"}, ""},
		{"protect.on", OnArgs{Wait: true}, Protected},
	} {
		got, err := control.All[Status](ctx, client, c.verb, c.args)
		if (err == nil) != (c.want != "") || (err == nil && got[len(got)-1].State != c.want) {
			t.Errorf("%s %+v: %+v, %v", c.verb, c.args, got, err)
		}
	}
}
