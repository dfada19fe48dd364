package quarantine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"vitrine/internal/endpoint/control"
)

// OneArgs names an entry, for quarantine.show and quarantine.delete.
type OneArgs struct {
	ID string `json:"id"`
}

// Shown is the answer to quarantine.show.
type Shown struct {
	Entry Entry    `json:"entry"`
	Same  []string `json:"same"` // entries that hold the same bytes
}

// RestoreArgs is what quarantine.restore takes. Only root may say more than
// which entry: who may choose the place could make any file of the machine.
type RestoreArgs struct {
	ID     string `json:"id"`
	To     Name   `json:"to,omitzero"`
	Allow  bool   `json:"allow,omitempty"`
	Force  bool   `json:"force,omitempty"`
	NoScan bool   `json:"no_scan,omitempty"`
}

// ExportArgs is what quarantine.export takes. Only root may ask for it.
type ExportArgs struct {
	IDs       []string `json:"ids"`
	Password  string   `json:"password,omitempty"`
	Documents bool     `json:"documents,omitempty"`
}

// Exported is the answer to quarantine.export: pieces of the archive in order,
// and at last what is in it.
type Exported struct {
	Data    []byte  `json:"data,omitempty"`
	Entries []Entry `json:"entries,omitempty"`
}

// Verbs gives what the guard's socket answers about the quarantine.
// quarantine.list answers with an Entry for each, without extents and extended
// attributes; the others with one value each, but for quarantine.export.
func (s *Store) Verbs() map[string]control.Verb {
	return map[string]control.Verb{
		"quarantine.list":    {Handle: s.answerList},
		"quarantine.show":    {Handle: s.answerShow},
		"quarantine.restore": {Handle: s.answerRestore},
		"quarantine.delete":  {Handle: s.answerDelete},
		"quarantine.export":  {Handle: s.answerExport},
	}
}

// Hint says what a person can do about an error of the store; "": nothing is known.
func Hint(err error) string {
	for _, h := range []struct {
		err  error
		hint string
	}{
		{ErrNoEntry, "vitrine quarantine list shows what there is"},
		{ErrMalicious, "--allow restores it all the same, and puts its digest on the list of what is allowed"},
		{ErrNoScanner, "--no-rescan restores it without being looked at"},
		{ErrExists, "--to FILE puts it elsewhere; nothing is ever replaced"},
		{ErrNoFolder, "--to FILE puts it elsewhere"},
		{ErrNeedsTo, "--to FILE says where"},
		{ErrLossy, "--force restores it without them"},
		{ErrDocument, "--documents exports documents too"},
	} {
		if errors.Is(err, h.err) {
			return h.hint
		}
	}
	return ""
}

// Refused reports whether an error is an answer of no, and not a failure.
func Refused(err error) bool {
	for _, no := range []error{ErrNoEntry, ErrMalicious, ErrExists, ErrNoFolder, ErrNeedsTo, ErrLossy, ErrDocument} {
		if errors.Is(err, no) {
			return true
		}
	}
	return false
}

// answered is an error as the socket tells it.
func answered(err error) error {
	if err == nil {
		return nil
	}
	code := control.Failed
	if Refused(err) {
		code = control.No
	}
	return &control.Error{Code: code, Text: oneLine(err), Hint: Hint(err)}
}

func by(c control.Call) string { return fmt.Sprintf("uid %d", c.Peer.UID) }

// rootOnly refuses what members of the group may not ask: root, and whoever runs
// the guard, may.
func rootOnly(c control.Call, what string) error {
	if c.Peer.UID == 0 || int(c.Peer.UID) == os.Geteuid() {
		return nil
	}
	return &control.Error{Code: control.Denied, Text: what + " is for root only", Hint: "ask as root"}
}

// Brief leaves out of an entry what a list does not show.
func (e Entry) Brief() Entry {
	e.Extents, e.Meta.Xattr = nil, nil
	return e
}

// fitting leaves out what would make an answer too long.
func (e Entry) fitting() Entry {
	const room = control.MaxLine * 3 / 4
	if text, err := json.Marshal(e); err == nil && len(text) <= room {
		return e
	}
	return e.Brief()
}

func (s *Store) answerList(ctx context.Context, c control.Call) error {
	if err := c.Decode(&struct{}{}); err != nil {
		return err
	}
	return s.Each(ctx, func(e Entry) error { return c.Reply(e.Brief()) })
}

func (s *Store) answerShow(ctx context.Context, c control.Call) error {
	var args OneArgs
	if err := c.Decode(&args); err != nil {
		return err
	}
	e, same, err := s.Show(ctx, args.ID)
	if err != nil {
		return answered(err)
	}
	return c.Reply(Shown{e.fitting(), append([]string{}, same...)})
}

func (s *Store) answerRestore(ctx context.Context, c control.Call) error {
	var args RestoreArgs
	if err := c.Decode(&args); err != nil {
		return err
	}
	if args != (RestoreArgs{ID: args.ID}) {
		if err := rootOnly(c, "restoring in any way but as it was"); err != nil {
			return err
		}
	}
	how := Restore{To: string(args.To), Allow: args.Allow, Force: args.Force, NoScan: args.NoScan, By: by(c)}
	done, err := s.Restore(ctx, args.ID, how)
	if err != nil {
		return answered(err)
	}
	done.Entry = done.Entry.fitting()
	return c.Reply(done)
}

func (s *Store) answerDelete(ctx context.Context, c control.Call) error {
	var args OneArgs
	if err := c.Decode(&args); err != nil {
		return err
	}
	e, err := s.Delete(ctx, args.ID, by(c))
	if err != nil {
		return answered(err)
	}
	return c.Reply(e.fitting())
}

func (s *Store) answerExport(ctx context.Context, c control.Call) error {
	var args ExportArgs
	if err := c.Decode(&args); err != nil {
		return err
	}
	if err := rootOnly(c, "exporting"); err != nil {
		return err
	}
	pieces := &pieces{reply: c.Reply}
	entries, err := s.Export(ctx, pieces, Export{IDs: args.IDs, Password: args.Password, Documents: args.Documents, By: by(c)})
	if err == nil {
		err = pieces.flush()
	}
	if err != nil {
		return answered(err)
	}
	for i := range entries {
		if err := c.Reply(Exported{Entries: []Entry{entries[i].Brief()}}); err != nil {
			return err
		}
	}
	return nil
}

// pieces sends what is written in answers of a size that fits.
type pieces struct {
	reply  func(any) error
	buffer []byte
}

func (p *pieces) Write(data []byte) (int, error) {
	const size = control.MaxLine / 2
	for rest := data; len(rest) > 0; {
		n := min(size-len(p.buffer), len(rest))
		p.buffer, rest = append(p.buffer, rest[:n]...), rest[n:]
		if len(p.buffer) < size {
			break
		}
		if err := p.flush(); err != nil {
			return 0, err
		}
	}
	return len(data), nil
}

func (p *pieces) flush() error {
	if len(p.buffer) == 0 {
		return nil
	}
	err := p.reply(Exported{Data: p.buffer})
	p.buffer = p.buffer[:0]
	return err
}
