package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/witness"
	"vitrine/proof"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"vitrine-witness": main})
}

// TestScript tells what the program does, as stories in testdata/script.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("LOG", logVerifierKey)
			e.Setenv("OTHERKEY", otherKey)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"port": port, "offer": offer, "newest": newest},
	})
}

// The keys of a log that exists in these stories alone.
const (
	logSignerKey   = "PRIVATE+KEY+log.example/av1+d265dd8d+AXcIHoZ83n//FYSMkvb5fO7ac858hZ8/7uT68ATX/sHU"
	logVerifierKey = "log.example/av1+d265dd8d+AbcvBLXEbrRH8OgR1VvY/20VuvP5LeUm9dxqbaWp0w0d"
	otherKey       = "w.example/w+7cf53530+BLHOfHSetHLObxNyXeB3IbZzzzM7RpZITHds+KtjKxhj"
)

// port sets a variable to an address nobody listens at.
func port(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Check(l.Close())
	ts.Setenv(args[0], l.Addr().String())
}

// offer SIZE OLD STATUS [HISTORY] asks the witness at $AT to cosign a
// checkpoint of the log's history of that name.
func offer(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	old, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	history := strings.Join(args[3:], "")
	status, text := post(ts, makeRequest(ts, history, size, old))
	if fmt.Sprint(status) != args[2] {
		ts.Fatalf("answered %d %s", status, text)
	}
}

func makeRequest(ts *testscript.TestScript, history string, size, old int64) []byte {
	var stored []tlog.Hash
	hashes := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range indexes {
			out = append(out, stored[i])
		}
		return out, nil
	})
	for i := range size {
		more, err := tlog.StoredHashes(i, fmt.Append(nil, history, i), hashes)
		ts.Check(err)
		stored = append(stored, more...)
	}
	c := proof.Checkpoint{Origin: "log.example/av1", Size: size, Root: proof.EmptyRoot()}
	r := witness.Request{OldSize: old}
	var err error
	if size > 0 {
		c.Root, err = tlog.TreeHash(size, hashes)
		ts.Check(err)
	}
	if old > 0 && old < size {
		r.Hashes, err = tlog.ProveTree(size, old, hashes)
		ts.Check(err)
	}
	signer, err := note.NewSigner(logSignerKey)
	ts.Check(err)
	r.Checkpoint, err = note.Sign(&note.Note{Text: c.Text()}, signer)
	ts.Check(err)
	return r.Marshal()
}

// post asks until somebody listens.
func post(ts *testscript.TestScript, body []byte) (int, string) {
	var last error
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		answer, err := http.Post("http://"+ts.Getenv("AT")+"/add-checkpoint", "", bytes.NewReader(body))
		if err != nil {
			last = err
			continue
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		ts.Check(err)
		return answer.StatusCode, string(text)
	}
	ts.Fatalf("nobody answers: %v", last)
	return 0, ""
}

// newest FILE writes what the witness serves to monitors.
func newest(ts *testscript.TestScript, _ bool, args []string) {
	answer, err := http.Get("http://" + ts.Getenv("AT") + "/" + witness.OriginHash("log.example/av1") + "/checkpoint")
	ts.Check(err)
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o644))
}
