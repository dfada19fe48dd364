package witness

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"vitrine/internal/durable"
)

// Store keeps the newest cosigned checkpoint of each log.
type Store interface {
	// Load gives what was last saved for a log, or nil.
	Load(origin string) ([]byte, error)
	// Save returns only when the checkpoint would survive a power cut.
	Save(origin string, checkpoint []byte) error
}

// Folder is a Store in a folder, one file a log. It is locked against a second
// process as long as it is open.
type Folder struct {
	dir  string
	disk durable.Disk
	held *durable.Held
}

// OpenFolder opens a store, and makes the folder if there is none.
func OpenFolder(dir string, disk durable.Disk) (*Folder, error) {
	if err := disk.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	held, err := durable.Lock(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	return &Folder{dir, disk, held}, disk.Sweep(dir)
}

// Close gives the folder free.
func (f *Folder) Close() error { return f.held.Unlock() }

// Load implements Store.
func (f *Folder) Load(origin string) ([]byte, error) {
	data, err := os.ReadFile(f.name(origin))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// Save implements Store.
func (f *Folder) Save(origin string, checkpoint []byte) error {
	return f.disk.WriteFile(f.name(origin), checkpoint, 0o644)
}

func (f *Folder) name(origin string) string {
	return filepath.Join(f.dir, OriginHash(origin)+".checkpoint")
}

// OriginHash is the name that a log goes by in file names and URLs.
// SPEC: tlog-witness, monitor retrieval: lower-case hex of SHA-256.
func OriginHash(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return hex.EncodeToString(sum[:])
}
