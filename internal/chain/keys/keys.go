// Package keys is where signatures come from: a key in a file, which may be
// locked with a passphrase, or a program that holds the key elsewhere, such as
// a token or an agent. No other package sees a private key.
//
// A key file holds one line. For authors and TUF roles it is a seed,
//
//	vitrine-key-1:<base64 of 32 bytes>
//
// for a log it is a key of signed notes, PRIVATE+KEY+…. Locked with a
// passphrase it is an age file, as `age -p` makes and opens it.
package keys

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"vitrine/internal/durable"
	"vitrine/proof/statement"

	"filippo.io/age"
	"filippo.io/age/armor"
	"golang.org/x/mod/sumdb/note"
)

const seedPrefix = "vitrine-key-1:"

// maxFile is the largest key file in bytes.
const maxFile = 64 << 10

// Passphrase asks for the passphrase of a key file.
type Passphrase func(file string) (string, error)

// Generate makes an author's key.
func Generate(random io.Reader) (ed25519.PrivateKey, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// Text is an author's key as its file holds it.
func Text(key ed25519.PrivateKey) string {
	return seedPrefix + base64.StdEncoding.EncodeToString(key.Seed()) + "\n"
}

// Write writes a key file that only its owner can read, locked with a
// passphrase if that is not empty. It never overwrites one.
func Write(file, text, passphrase string) error {
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write the key %s: there is a file already, or it cannot be looked at", file)
	}
	data := []byte(text)
	if passphrase != "" {
		var err error
		if data, err = lock(data, passphrase, scryptWork); err != nil {
			return fmt.Errorf("lock the key %s: %w", file, err)
		}
	}
	return durable.Disk{}.WriteFile(file, data, 0o600)
}

// scryptWork makes one guess at a passphrase take about a second (log₂ N).
const scryptWork = 18

func lock(data []byte, passphrase string, work int) ([]byte, error) {
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, err
	}
	recipient.SetWorkFactor(work)
	var out bytes.Buffer
	armoured := armor.NewWriter(&out)
	w, err := age.Encrypt(armoured, recipient)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	err = errors.Join(w.Close(), armoured.Close())
	return out.Bytes(), err
}

// read gives the line of a key file, and asks for the passphrase if it needs
// one.
func read(file string, ask Passphrase) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s can be read by others (mode %#o): chmod 600 it, and think of a new key", file, info.Mode().Perm())
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return "", err
	}
	if bytes.HasPrefix(data, []byte(armor.Header)) {
		if data, err = unlock(file, data, ask); err != nil {
			return "", err
		}
	}
	return strings.TrimSpace(string(data)), nil
}

func unlock(file string, data []byte, ask Passphrase) ([]byte, error) {
	if ask == nil {
		return nil, fmt.Errorf("%s is locked with a passphrase, and there is nobody to ask for it", file)
	}
	passphrase, err := ask(file)
	if err != nil {
		return nil, err
	}
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, fmt.Errorf("unlock %s: %w", file, err)
	}
	r, err := age.Decrypt(armor.NewReader(bytes.NewReader(data)), identity)
	if err != nil {
		return nil, fmt.Errorf("unlock %s: %w", file, err)
	}
	return io.ReadAll(io.LimitReader(r, maxFile))
}

// Load gives what signs with an author's key: spec is the name of a key file,
// or "cmd:" and a program with its arguments; see External.
func Load(spec string, ask Passphrase) (statement.Signer, error) {
	if command, ok := strings.CutPrefix(spec, "cmd:"); ok {
		return External(strings.Fields(command))
	}
	text, err := read(spec, ask)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	key, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", spec, err)
	}
	return statement.NewSigner(key), nil
}

func parse(text string) (ed25519.PrivateKey, error) {
	encoded, ok := strings.CutPrefix(text, seedPrefix)
	seed, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !ok || err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("expected a line of the form %s<base64 of 32 bytes>", seedPrefix)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// LoadNote gives what signs notes in the name of a log.
func LoadNote(file string, ask Passphrase) (note.Signer, error) {
	text, err := read(file, ask)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	signer, err := note.NewSigner(text)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", file, err)
	}
	return signer, nil
}

// Public is the public part of an author's key.
func Public(key ed25519.PrivateKey) statement.Key {
	return statement.NewKey(key.Public().(ed25519.PublicKey))
}
