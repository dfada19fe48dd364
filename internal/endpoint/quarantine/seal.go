package quarantine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"filippo.io/age"
)

// What lies in the store's folder beside the entries.
const (
	lockName     = "lock"
	identityName = "identity"
	blobName     = "blob.age"
	metaName     = "meta.json"
	newPrefix    = ".new-"  // entries that are not complete
	gonePrefix   = ".gone-" // entries that are being removed
)

const maxIdentity = 64 << 10

func owner(info os.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

// loadKey reads the key that everything is encrypted to, and makes one when
// there is none. The file is one of age's: it may hold several keys, the first
// of which is used for what is new.
func (s *Store) loadKey() error {
	name := filepath.Join(s.config.Dir, identityName)
	text, err := readBounded(name, maxIdentity)
	if errors.Is(err, os.ErrNotExist) {
		text, err = s.makeKey(name)
	}
	if err != nil {
		return err
	}
	if s.identities, err = age.ParseIdentities(bytes.NewReader(text)); err != nil {
		return fmt.Errorf("%s: %w", identityName, err)
	}
	first, ok := s.identities[0].(*age.X25519Identity)
	if !ok {
		return fmt.Errorf("%s: the first key is not of the kind X25519", identityName)
	}
	s.recipient = first.Recipient()
	return nil
}

func (s *Store) makeKey(name string) ([]byte, error) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	text := []byte(key.String() + "\n")
	return text, s.disk.WriteFile(name, text, 0o600)
}

// readBounded reads a regular file of at most limit bytes.
func readBounded(name string, limit int64) ([]byte, error) {
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, fmt.Errorf("%s is no file", filepath.Base(name)))
	}
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", filepath.Base(name), limit)
	}
	return data, err
}

// blob opens the decrypted copy of an entry.
func (s *Store) blob(path string) (io.Reader, io.Closer, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	plain, err := age.Decrypt(file, s.identities...)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%w: %w", ErrBroken, err), file.Close())
	}
	return plain, file, nil
}
