package lists

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/durable"
	"vitrine/internal/durable/durabletest"
	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/local"
)

// told is a sink that remembers.
type told []event.Event

func (t *told) Emit(e event.Event) { *t = append(*t, e) }

// asker asks verbs without a socket.
type asker struct {
	t     *testing.T
	verbs map[string]control.Verb
}

// ask gives the values of the answer, and the code of a refusal.
func (a asker) ask(verb, args string) (string, control.Code) {
	a.t.Helper()
	var out []string
	err := a.verbs[verb].Handle(a.t.Context(), control.Call{
		Peer: local.Peer{UID: 7}, Args: json.RawMessage(args),
		Reply: func(v any) error {
			text, err := json.Marshal(v)
			out = append(out, string(text))
			return err
		},
	})
	var refused *control.Error
	switch {
	case errors.As(err, &refused):
		return refused.Text, refused.Code
	case err != nil:
		return err.Error(), control.Failed
	}
	return strings.Join(out, "\n"), ""
}

func TestVerbs(t *testing.T) {
	dir, c := durabletest.Dir(t), newClock()
	x, err := OpenExcluded(durable.Disk{}, dir, c.now)
	if err != nil {
		t.Fatal(err)
	}
	var sink told
	changed := 0
	a := asker{t, Verbs(openAllowed(t, dir, c), x, &sink, func() { changed++ })}
	x.Fix([]string{"*.iso"}, "f:1")
	for _, q := range []struct {
		verb, args, want string
		code             control.Code
	}{
		{"allow.list", "", "", ""},
		{"allow.add", `{"what":"` + digest(1) + `","reason":"ours","for":"1d"}`, `"uid":7,"until":"2026-03-05T05:06:07Z"`, ""},
		{"allow.list", "{}", digest(1), ""},
		{"allow.list", `{"x":1}`, "unknown field", control.Usage},
		{"allow.add", `{"what":"x","reason":"ours"}`, "not a SHA-256", control.Usage},
		{"allow.add", `{"what":"` + digest(1) + `"}`, "a reason is needed", control.Usage},
		{"allow.add", `{"what":"` + digest(1) + `","reason":"r","for":"x"}`, "not a duration", control.Usage},
		{"allow.remove", `{"what":"` + digest(2) + `"}`, "no such entry", control.No},
		{"allow.remove", `{"what":"` + digest(1) + `"}`, "ours", ""},
		{"exclude.add", `{"what":"/srv/db/","reason":"database"}`, `"what":"/srv/db/"`, ""},
		{"exclude.list", "", `"source":"f:1"}` + "\n" + `{"what":"/srv/db/"`, ""},
		{"exclude.test", `{"path":"/srv/db/\\xff"}`, `{"path":"/srv/db/\\xff","excluded":true,"by":{"what":"/srv/db/"`, ""},
		{"exclude.test", `{"path":"/srv/db"}`, `{"path":"/srv/db","excluded":false,"by":null}`, ""},
		{"exclude.test", `{"path":"/srv/db","dir":true}`, `"excluded":true`, ""},
		{"exclude.test", `{"path":"srv"}`, "not an absolute path", control.Usage},
		{"exclude.test", `{"path":"/\\q"}`, "not an absolute path", control.Usage},
		{"exclude.remove", `{"what":"*.iso"}`, "no such entry", control.No},
		{"exclude.remove", `[]`, "arguments", control.Usage},
	} {
		if got, code := a.ask(q.verb, q.args); code != q.code || !strings.Contains(got, q.want) {
			t.Errorf("%s %s: %s (%s)", q.verb, q.args, got, code)
		}
	}
	if changed != 3 || len(sink) != 3 || sink[0].Kind != event.Change || !strings.Contains(sink[0].Message, "uid 7 added an entry of the allow list: "+digest(1)+": ours") {
		t.Errorf("%d changes, told %+v", changed, sink)
	}
}

func TestVerbsOnADamagedList(t *testing.T) {
	dir := durabletest.Dir(t)
	os.WriteFile(filepath.Join(dir, "allow.json"), []byte("{"), 0o600)
	allowed, _ := OpenAllowed(durable.Disk{}, dir, time.Now)
	x, _ := OpenExcluded(durable.Disk{}, dir, time.Now)
	a := asker{t, Verbs(allowed, x, &told{}, func() {})}
	if got, code := a.ask("allow.add", `{"what":"`+digest(1)+`","reason":"r"}`); code != control.Failed || !strings.Contains(got, "allow.json") {
		t.Errorf("%s (%s)", got, code)
	}
}
