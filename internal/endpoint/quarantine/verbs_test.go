package quarantine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/local"
)

// ask asks one verb as a user, and gives the answers as they go over the socket.
func (w *world) ask(uid uint32, verb string, args any) (answers [][]byte, err error) {
	w.t.Helper()
	text, err := json.Marshal(args)
	if err != nil {
		w.t.Fatal(err)
	}
	err = w.store.Verbs()[verb].Handle(context.Background(), control.Call{Peer: local.Peer{UID: uid}, Args: text, Reply: func(v any) error {
		line, err := json.Marshal(v)
		if len(line) > control.MaxLine-100 {
			w.t.Errorf("%s: an answer of %d bytes", verb, len(line))
		}
		answers = append(answers, line)
		return err
	}})
	return answers, err
}

func code(err error) control.Code {
	var refused *control.Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}

func TestVerbs(t *testing.T) {
	w := newWorld(t)
	path := w.put("x", bad)
	e := w.mustTake(path)
	own := uint32(os.Geteuid())
	for verb, want := range map[string]control.Code{
		"quarantine.show": control.No, "quarantine.delete": control.No, "quarantine.restore": control.No,
	} {
		if _, err := w.ask(own, verb, OneArgs{ID: "none"}); code(err) != want {
			t.Errorf("%s: %v", verb, err)
		}
	}
	if _, err := w.ask(own, "quarantine.export", ExportArgs{IDs: []string{e.ID}}); code(err) != control.No {
		t.Errorf("export: %v", err)
	}
	if _, err := w.ask(own, "quarantine.restore", RestoreArgs{ID: e.ID}); code(err) != control.Failed {
		t.Errorf("restore without a scanner: %v", err)
	}
	for _, args := range []RestoreArgs{{ID: e.ID, To: "/x"}, {ID: e.ID, Allow: true}, {ID: e.ID, Force: true}, {ID: e.ID, NoScan: true}} {
		if _, err := w.ask(own+4321, "quarantine.restore", args); code(err) != control.Denied {
			t.Errorf("%+v: %v", args, err)
		}
	}
	if _, err := w.ask(own+4321, "quarantine.export", ExportArgs{IDs: []string{e.ID}, Documents: true}); code(err) != control.Denied {
		t.Errorf("export: %v", err)
	}
	for verb := range w.store.Verbs() {
		if _, err := w.ask(own, verb, map[string]int{"nonsense": 1}); code(err) != control.Usage {
			t.Errorf("%s: %v", verb, err)
		}
	}
	answers, err := w.ask(own, "quarantine.restore", RestoreArgs{ID: e.ID, NoScan: true, To: Name(filepath.Join(w.files, "a\xffb"))})
	var done Restored
	if err != nil || json.Unmarshal(answers[0], &done) != nil || done.Path != Name(filepath.Join(w.files, "a\xffb")) || content(t, string(done.Path)) != bad {
		t.Errorf("%v, %s", err, answers)
	}
	if m := w.sink.last().Message; !bytes.Contains([]byte(m), fmt.Appendf(nil, "by uid %d", own)) {
		t.Errorf("said %q", m)
	}
}

// What a hostile file brings along does not keep its entry from being shown.
func TestAnswersFit(t *testing.T) {
	w := newWorld(t)
	big := Entry{ID: "20260101t000000000-00000000", State: Kept, Path: Name("/" + string(bytes.Repeat([]byte{0xff}, 60<<10))), SHA256: fmt.Sprintf("%064d", 0),
		Holes: true, Size: 1 << 40, Meta: Metadata{Xattr: []Xattr{{"user.x", make([]byte, 1<<20)}}}}
	for i := range int64(maxExtents) {
		big.Extents = append(big.Extents, Extent{i << 20, 1 << 10})
	}
	if err := errors.Join(os.Mkdir(w.store.path(big.ID), 0o700), w.store.write(big.ID, big), os.WriteFile(w.store.path(big.ID, blobName), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	own := uint32(os.Geteuid())
	for verb, args := range map[string]any{"quarantine.list": struct{}{}, "quarantine.show": OneArgs{ID: big.ID}} {
		if answers, err := w.ask(own, verb, args); err != nil || len(answers) != 1 || !bytes.Contains(answers[0], []byte(big.ID)) {
			t.Errorf("%s: %d answers, %v", verb, len(answers), err)
		}
	}
}

func TestExportInPieces(t *testing.T) {
	w := newWorld(t)
	var ids []string
	for i := range 3 {
		ids = append(ids, w.mustTake(w.put("x", fmt.Sprint(i)+string(make([]byte, 700_000)))).ID)
	}
	answers, err := w.ask(uint32(os.Geteuid()), "quarantine.export", ExportArgs{IDs: ids, Documents: true})
	if err != nil {
		t.Fatal(err)
	}
	var size, entries int
	for _, line := range answers {
		var v Exported
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		if size += len(v.Data); entries > 0 && len(v.Data) > 0 {
			t.Error("a piece behind the entries")
		}
		entries += len(v.Entries)
	}
	if size < 2_100_000 || entries != 3 {
		t.Errorf("%d bytes, %d entries", size, entries)
	}
}
