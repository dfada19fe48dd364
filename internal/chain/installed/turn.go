package installed

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// Turn is when, within a time that machines are spread over, it is this one's
// turn to take a bundle. It comes from the hash of the bundle's entry, which is
// public, and a random number that this machine made and tells nobody: so nobody
// can choose who is first, and who is first differs from bundle to bundle.
func (d Dir) Turn(leaf [32]byte, within time.Duration, random io.Reader) (time.Duration, error) {
	if within == 0 {
		return 0, nil
	}
	own, err := d.own(random)
	if err != nil {
		return 0, fmt.Errorf("this machine's turn: %w", err)
	}
	mac := hmac.New(sha256.New, own)
	mac.Write(leaf[:])
	share := binary.BigEndian.Uint32(mac.Sum(nil))
	return time.Duration(float64(within) * float64(share) / (1 << 32)).Truncate(time.Second), nil
}

// own is the machine's random number, made at the first need.
func (d Dir) own(random io.Reader) ([]byte, error) {
	data, err := os.ReadFile(d.file("turn"))
	if err == nil && len(data) != sha256.Size {
		err = fmt.Errorf("%s has %d bytes, and %d are a random number", d.file("turn"), len(data), sha256.Size)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return data, err
	}
	data = make([]byte, sha256.Size)
	if _, err := io.ReadFull(random, data); err != nil {
		return nil, err
	}
	return data, d.Disk.WriteFile(d.file("turn"), data, 0o600)
}
