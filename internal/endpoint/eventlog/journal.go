package eventlog

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/local"

	"golang.org/x/sys/unix"
)

// JournalSocket is where the journal of systemd takes messages.
const JournalSocket = "/run/systemd/journal/socket"

// ErrNoJournal is wrapped when this machine has no journal.
var ErrNoJournal = errors.New("there is no journal on this machine: events are not written there")

// Journal keeps lines in the journal of systemd, by its native protocol. It never
// waits for the journal, which may itself wait for the guard: what the journal
// does not take at once is not kept there.
type Journal struct {
	path string
	conn *local.Datagram
	last error // of the last message
}

// OpenJournal connects to the journal. Its error wraps ErrNoJournal when there
// is none.
func OpenJournal(path string) (*Journal, error) {
	j := &Journal{path: path}
	err := j.connect()
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ECONNREFUSED) {
		return nil, fmt.Errorf("%w (%w)", ErrNoJournal, err)
	}
	if err != nil {
		return nil, err
	}
	return j, nil
}

func (j *Journal) connect() error {
	conn, err := local.DialDatagram(j.path)
	if err == nil {
		j.conn = conn
	}
	return err
}

// Keep sends the line.
func (j *Journal) Keep(l Line) error {
	if j.conn == nil {
		return errors.New("the journal has gone away")
	}
	j.last = j.conn.Send(journalMessage(l))
	err := j.last
	if errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.ENOTCONN) || errors.Is(err, unix.ECONNRESET) {
		j.hangUp()
	}
	return err
}

func (j *Journal) hangUp() error {
	conn := j.conn
	j.conn, j.last = nil, nil
	if conn == nil {
		return nil
	}
	return conn.Close()
}

// Sync connects again when the journal was restarted. Whether one that was too
// busy takes messages again shows at the next.
func (j *Journal) Sync() error {
	if j.conn != nil {
		return j.last
	}
	return j.connect()
}

// Close ends the connection.
func (j *Journal) Close() error { return j.hangUp() }

// journalMessage is a message of the native protocol.
func journalMessage(l Line) []byte {
	var b bytes.Buffer
	e := &l.Event
	put := func(name, value string) {
		if value != "" {
			field(&b, name, value)
		}
	}
	put("MESSAGE", oneLine(e.Message))
	put("PRIORITY", strconv.Itoa(priority(e.Severity)))
	put("SYSLOG_IDENTIFIER", "vitrine")
	put("MESSAGE_ID", MessageID(e.Kind))
	put("VITRINE_KIND", string(e.Kind))
	put("VITRINE_ID", e.ID)
	for _, a := range e.Actions {
		put("VITRINE_ACTION", string(a))
	}
	for _, f := range e.Findings {
		put("VITRINE_FINDING", f.Name)
	}
	if e.File != nil {
		put("VITRINE_FILE", e.File.Path) // its bytes: a field may hold any
		put("VITRINE_SHA256", e.File.Hash)
	}
	if p := e.Process; p != nil {
		put("OBJECT_PID", strconv.Itoa(p.PID))
		put("VITRINE_EXE", p.Exe)
		put("VITRINE_CONTAINER", p.Container)
	}
	if c := e.Connection; c != nil {
		put("VITRINE_INDICATOR", c.Indicator)
		put("VITRINE_ADDRESS", c.Address)
		put("VITRINE_NAME", c.Name)
	}
	put("VITRINE_QUARANTINE", e.Quarantine)
	put("VITRINE_OCSF", string(l.JSON))
	return b.Bytes()
}

// field writes NAME=value, or the form for values with newlines.
func field(b *bytes.Buffer, name, value string) {
	b.WriteString(name)
	if !strings.Contains(value, "\n") {
		b.WriteString("=" + value + "\n")
		return
	}
	b.WriteByte('\n')
	b.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(value))))
	b.WriteString(value + "\n")
}

// priority is syslog's, of OCSF's severity.
func priority(s event.Severity) int {
	switch s {
	case event.Fatal:
		return 1 // alert
	case event.Critical:
		return 2
	case event.High:
		return 3 // error
	case event.Medium:
		return 4 // warning
	case event.Low:
		return 5 // notice
	}
	return 6
}

// MessageID is what the journal knows events of a kind by: the first 128 bits of
// the SHA-256 of "vitrine event " and the kind.
func MessageID(k event.Kind) string {
	sum := sha256.Sum256([]byte("vitrine event " + string(k)))
	return hex.EncodeToString(sum[:16])
}
