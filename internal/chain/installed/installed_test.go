package installed_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/installed"
	"vitrine/internal/durable"
	"vitrine/internal/durable/durabletest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func install(t *testing.T, d installed.Dir, channel string, serial int64, blob string) {
	t.Helper()
	sum := sha256.Sum256([]byte(blob))
	must(t, d.Install(installed.Info{Channel: channel, Serial: serial, Blob: hex.EncodeToString(sum[:])}, []byte(blob), []byte("leaf"), []byte("proof")))
}

func inUse(t *testing.T, d installed.Dir) map[string]int64 {
	t.Helper()
	rules, err := d.Rules()
	must(t, err)
	serials := map[string]int64{}
	for _, r := range rules {
		serials[r.Info.Channel] = r.Info.Serial
	}
	return serials
}

func TestInstall(t *testing.T) {
	d := installed.Dir{Path: durabletest.Dir(t)}
	if d.Used() || len(inUse(t, d)) != 0 {
		t.Error("something is installed already")
	}
	for serial := int64(1); serial <= 4; serial++ {
		install(t, d, "core", serial, "rules")
	}
	install(t, d, "urgent", 1, "more rules")
	if got := inUse(t, d); !d.Used() || got["core"] != 4 || got["urgent"] != 1 {
		t.Errorf("in use: %v", got)
	}
	kept, err := filepath.Glob(filepath.Join(d.Path, "rules", "core", "*"))
	if err != nil || len(kept) != 2 {
		t.Errorf("kept: %v, %v", kept, err)
	}
	leaf, proof, err := d.Claim(installed.Info{Channel: "core", Serial: 4})
	if err != nil || string(leaf) != "leaf" || string(proof) != "proof" {
		t.Errorf("%s, %s, %v", leaf, proof, err)
	}
}

// A bundle that turns out to be damaged, or bad, gives way to the one before.
func TestLastGood(t *testing.T) {
	d := installed.Dir{Path: durabletest.Dir(t)}
	install(t, d, "core", 1, "rules")
	if err := d.Back("core"); err == nil {
		t.Error("went back to nothing")
	}
	install(t, d, "core", 2, "newer rules")
	file := filepath.Join(d.Path, "rules", "core", "000002", "rules.vyr")
	must(t, os.WriteFile(file, []byte("newer rulez"), 0o644))
	rules, err := d.Rules()
	if err != nil || len(rules) != 1 || rules[0].Info.Serial != 1 || rules[0].Instead == nil || !strings.Contains(rules[0].Instead.Error(), "damaged") {
		t.Errorf("%+v, %v", rules, err)
	}
	must(t, os.Remove(filepath.Join(d.Path, "rules", "core", "000001", "rules.vyr")))
	if _, err := d.Rules(); err == nil {
		t.Error("took damaged rules")
	}
	install(t, d, "core", 3, "good again")
	install(t, d, "core", 4, "bad in practice")
	must(t, d.Back("core"))
	if got := inUse(t, d); got["core"] != 3 {
		t.Errorf("in use: %v", got)
	}
}

func TestState(t *testing.T) {
	d := installed.Dir{Path: durabletest.Dir(t)}
	s, err := d.State()
	if err != nil || s.Channels == nil || !s.Time.IsZero() {
		t.Errorf("%+v, %v", s, err)
	}
	s.Time, s.Channels["core"] = time.Unix(1800000000, 0).UTC(), installed.Channel{Serial: 7, Leaf: "ab"}
	must(t, d.SetState(s))
	if again, err := d.State(); err != nil || again.Channels["core"].Serial != 7 || !again.Time.Equal(s.Time) {
		t.Errorf("%+v, %v", again, err)
	}
	must(t, os.WriteFile(filepath.Join(d.Path, "state.json"), []byte(`{"channels`), 0o644))
	if _, err := d.State(); err == nil {
		t.Error("took a damaged state for none")
	}
	for _, none := range []func() ([]byte, error){d.Policy, d.Checkpoint} {
		if data, err := none(); data != nil || err != nil {
			t.Errorf("%q, %v", data, err)
		}
	}
	must(t, d.SetPolicy([]byte("policy")))
	must(t, d.SetCheckpoint([]byte("checkpoint")))
	policy, _ := d.Policy()
	checkpoint, _ := d.Checkpoint()
	if string(policy) != "policy" || string(checkpoint) != "checkpoint" {
		t.Errorf("%s, %s", policy, checkpoint)
	}
	folder, err := d.Evidence(time.Unix(1800000000, 0), []byte("ours"), []byte("theirs"))
	must(t, err)
	if files, _ := os.ReadDir(folder); len(files) != 2 {
		t.Errorf("%v in %s", files, folder)
	}
}

func TestOneUpdateAtATime(t *testing.T) {
	d := installed.Dir{Path: filepath.Join(durabletest.Dir(t), "state")}
	held, err := d.Lock()
	must(t, err)
	defer held.Unlock()
	if _, err := d.Lock(); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("got %v", err)
	}
}

func TestTurn(t *testing.T) {
	d := installed.Dir{Path: durabletest.Dir(t)}
	number := strings.NewReader(strings.Repeat("x", 32))
	if turn, err := d.Turn([32]byte{1}, 0, nil); turn != 0 || err != nil {
		t.Errorf("without a rollout: %v, %v", turn, err)
	}
	first, err := d.Turn([32]byte{1}, time.Hour, number)
	must(t, err)
	again, err := d.Turn([32]byte{1}, time.Hour, nil) // the number is kept
	must(t, err)
	other, err := d.Turn([32]byte{2}, time.Hour, nil)
	must(t, err)
	if first != again || first == other || first < 0 || first >= time.Hour {
		t.Errorf("%v, %v, %v", first, again, other)
	}
	must(t, os.WriteFile(filepath.Join(d.Path, "turn"), []byte("short"), 0o600))
	if _, err := d.Turn([32]byte{1}, time.Hour, nil); err == nil {
		t.Error("took five bytes for a random number")
	}
	empty := installed.Dir{Path: durabletest.Dir(t)}
	if _, err := empty.Turn([32]byte{1}, time.Hour, strings.NewReader("short")); err == nil {
		t.Error("made a number of five bytes")
	}
}
