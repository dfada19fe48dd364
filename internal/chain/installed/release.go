package installed

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Release is a release that lies ready on this machine. It is never put in the
// place of the running program: whoever runs the machine does that.
type Release struct {
	Version string `json:"version"`
	Serial  int64  `json:"serial"`
	Leaf    string `json:"leaf"`   // hash of the entry, hex
	Index   int64  `json:"index"`  // its place in the log
	File    string `json:"file"`   // name of the program
	SHA256  string `json:"sha256"` // of the program
	Size    int64  `json:"size"`   // of the log, when rebuilders were last heard
}

// ReleaseFile is where a program lies ready.
func (d Dir) ReleaseFile(r Release) string {
	return filepath.Join(d.releaseDir(r.Version), r.File)
}

func (d Dir) releaseDir(version string) string { return d.file("release/" + version) }

// Stage lays a program ready, with the leaf and the proof of its release. Those
// of other versions are removed.
func (d Dir) Stage(r Release, program, leaf, proof []byte) error {
	if err := d.Disk.MkdirAll(d.releaseDir(r.Version), 0o755); err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		data []byte
		perm fs.FileMode
	}{{"leaf", leaf, 0o644}, {"proof", proof, 0o644}, {r.File, program, 0o755}} {
		if err := d.Disk.WriteFile(filepath.Join(d.releaseDir(r.Version), f.name), f.data, f.perm); err != nil {
			return err
		}
	}
	return d.Unstage(r.Version)
}

// Unstage removes all programs that lie ready, but those of the versions to
// keep.
func (d Dir) Unstage(keep ...string) error {
	entries, err := os.ReadDir(d.file("release"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if !slices.Contains(keep, e.Name()) {
			err = errors.Join(err, d.Disk.Remove(d.releaseDir(e.Name())))
		}
	}
	return err
}

// Staged checks that a program still lies ready as it was proved.
func (d Dir) Staged(r Release) error {
	data, err := os.ReadFile(d.ReleaseFile(r))
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != r.SHA256 {
		return fmt.Errorf("%s is damaged: its SHA-256 is not the one that was proved", d.ReleaseFile(r))
	}
	return nil
}
