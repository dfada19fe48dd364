package installed

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// Info says what an installed bundle is, and how it was proved.
type Info struct {
	Channel   string    `json:"channel"`
	Serial    int64     `json:"serial"`
	Target    string    `json:"target"`
	SHA256    string    `json:"sha256"` // of the bundle
	Blob      string    `json:"blob"`   // SHA-256 of rules.vyr
	Rules     int       `json:"rules"`
	Leaf      string    `json:"leaf"`       // hash of the entry
	Index     int64     `json:"index"`      // its place in the log
	Log       string    `json:"log"`        // origin
	SignedBy  []string  `json:"signed_by"`  // IDs of authors' keys
	Witnesses []string  `json:"witnesses"`  // who cosigned
	Cosigned  time.Time `json:"cosigned"`   // when a quorum of them had
	NotBefore time.Time `json:"not_before"` // in force from
	Expires   time.Time `json:"expires"`    // in force until
	Installed time.Time `json:"installed"`
}

// current is current.json.
type current struct {
	Now    map[string]int64 `json:"now"`
	Before map[string]int64 `json:"before"` // the last good ones
}

// Install writes a bundle's rules beside those in use, and then switches to
// them. The ones before are kept; those before these are removed.
func (d Dir) Install(info Info, blob, leaf, proof []byte) error {
	dir := d.bundleDir(info.Channel, info.Serial)
	if err := d.Disk.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	about, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		data []byte
	}{{"rules.vyr", blob}, {"leaf", leaf}, {"proof", proof}, {"info.json", about}} {
		if err := d.Disk.WriteFile(filepath.Join(dir, f.name), f.data, 0o644); err != nil {
			return err
		}
	}
	c, err := d.current()
	if err != nil { // damaged: what is trusted is not in it, so it can be begun anew
		c = current{Now: map[string]int64{}, Before: map[string]int64{}}
	}
	if serial, ok := c.Now[info.Channel]; ok && serial != info.Serial {
		c.Before[info.Channel] = serial
	}
	c.Now[info.Channel] = info.Serial
	if err := d.setCurrent(c); err != nil {
		return err
	}
	return d.prune(info.Channel, c)
}

func (d Dir) bundleDir(channel string, serial int64) string {
	return d.file(fmt.Sprintf("rules/%s/%06d", channel, serial))
}

func (d Dir) current() (current, error) {
	c := current{Now: map[string]int64{}, Before: map[string]int64{}}
	data, err := os.ReadFile(d.file("current.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		return c, fmt.Errorf("which rules are in use, %s: %w", d.file("current.json"), err)
	}
	return c, nil
}

func (d Dir) setCurrent(c current) error {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return d.Disk.WriteFile(d.file("current.json"), data, 0o644)
}

// prune removes bundles that are neither in use nor the last good ones.
func (d Dir) prune(channel string, c current) error {
	entries, err := os.ReadDir(d.file("rules/" + channel))
	if err != nil {
		return err
	}
	for _, e := range entries {
		serial, err := strconv.ParseInt(e.Name(), 10, 64)
		if err == nil && (serial == c.Now[channel] || serial == c.Before[channel]) {
			continue
		}
		if err := d.Disk.Remove(d.file("rules/" + channel + "/" + e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// Used says whether anything was ever installed here.
func (d Dir) Used() bool {
	_, err := os.Stat(d.file("current.json"))
	return err == nil
}

// Rules is an installed bundle, read and checked.
type Rules struct {
	Info Info
	Blob []byte // compiled rules
	File string // where they are

	// Instead is set if the bundle in use was damaged and this is the last good
	// one: why.
	Instead error
}

// Rules reads the bundles in use, sorted by channel. One that is damaged is
// replaced by the last good one of its channel; if that is damaged too, or was
// never there, that is an error.
func (d Dir) Rules() ([]Rules, error) {
	c, err := d.current()
	if err != nil {
		return nil, err
	}
	var all []Rules
	for _, channel := range slices.Sorted(maps.Keys(c.Now)) {
		r, err := d.read(channel, c.Now[channel])
		if err != nil {
			last, lastErr := d.read(channel, c.Before[channel])
			if lastErr != nil {
				return nil, fmt.Errorf("the installed rules: %w", errors.Join(err, lastErr))
			}
			r, r.Instead = last, err
		}
		all = append(all, r)
	}
	return all, nil
}

// Damaged says whether a channel's bundle should be in use and cannot be. One that
// somebody went back from is not looked at.
func (d Dir) Damaged(channel string, serial int64) bool {
	c, err := d.current()
	if now, ok := c.Now[channel]; err != nil || !ok || now != serial {
		return err != nil || !ok
	}
	_, err = d.read(channel, serial)
	return err != nil
}

// Back makes the last good bundle of a channel the one in use, for a bundle that
// turned out to be bad on this machine. It does not change what the machine
// accepts next: that is a later bundle.
func (d Dir) Back(channel string) error {
	c, err := d.current()
	if err != nil {
		return err
	}
	before, ok := c.Before[channel]
	if !ok {
		return fmt.Errorf("channel %s: there is no bundle to go back to", channel)
	}
	c.Now[channel] = before
	return d.setCurrent(c)
}

func (d Dir) read(channel string, serial int64) (Rules, error) {
	dir := d.bundleDir(channel, serial)
	var r Rules
	about, err := os.ReadFile(filepath.Join(dir, "info.json"))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(about, &r.Info); err != nil {
		return r, fmt.Errorf("%s: %w", dir, err)
	}
	r.File = filepath.Join(dir, "rules.vyr")
	if r.Blob, err = os.ReadFile(r.File); err != nil {
		return r, err
	}
	sum := sha256.Sum256(r.Blob)
	if hex.EncodeToString(sum[:]) != r.Info.Blob {
		return r, fmt.Errorf("%s: the rules are damaged: their SHA-256 is not the one that was proved", dir)
	}
	return r, nil
}

// Claim reads the leaf and the proof of an installed bundle.
func (d Dir) Claim(info Info) (leaf, proof []byte, err error) {
	dir := d.bundleDir(info.Channel, info.Serial)
	leaf, err = os.ReadFile(filepath.Join(dir, "leaf"))
	if err == nil {
		proof, err = os.ReadFile(filepath.Join(dir, "proof"))
	}
	return leaf, proof, err
}
