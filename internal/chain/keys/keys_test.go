package keys

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// TestMain lets the test binary be the external signer of its own tests.
func TestMain(m *testing.M) {
	if how := os.Getenv("SIGNER"); how != "" {
		actAsSigner(how, os.Args[len(os.Args)-1])
		return
	}
	os.Exit(m.Run())
}

func actAsSigner(how, question string) {
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	message, _ := io.ReadAll(os.Stdin)
	answer := []byte(key.Public().(ed25519.PublicKey))
	if question == "sign" {
		answer = ed25519.Sign(key, message)
	}
	switch {
	case how == "wrong" && question == "sign":
		answer[0] ^= 1
	case how == "short":
		answer = answer[1:]
	case how == "fails":
		fmt.Fprintln(os.Stderr, "no token in the slot")
		os.Exit(1)
	case how == "endless":
		for range 1000 {
			fmt.Println(strings.Repeat("A", 1000))
		}
	}
	fmt.Println(base64.StdEncoding.EncodeToString(answer))
}

func TestFiles(t *testing.T) {
	key, err := Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(passphrase string) Passphrase { return func(string) (string, error) { return passphrase, nil } }
	for _, passphrase := range []string{"", "correct horse"} {
		file := filepath.Join(t.TempDir(), "key")
		text := Text(key)
		if passphrase != "" {
			locked, err := lock([]byte(text), passphrase, 10)
			if err != nil {
				t.Fatal(err)
			}
			text = string(locked)
		}
		if err := Write(file, text, ""); err != nil {
			t.Fatal(err)
		}
		signer, err := Load(file, ask(passphrase))
		if err != nil {
			t.Fatal(err)
		}
		sig, err := signer.Sign([]byte("message"))
		if err != nil || !ed25519.Verify(key.Public().(ed25519.PublicKey), []byte("message"), sig) || !signer.Key().Public.Equal(key.Public()) {
			t.Errorf("signature %x, %v", sig, err)
		}
		if err := Write(file, Text(key), ""); err == nil {
			t.Error("wrote over a key")
		}
		if passphrase == "" {
			continue
		}
		data, _ := os.ReadFile(file)
		if strings.Contains(string(data), seedPrefix) {
			t.Error("the locked file holds the key")
		}
		if _, err := Load(file, ask("wrong")); err == nil {
			t.Error("unlocked with a wrong passphrase")
		}
		if _, err := Load(file, nil); err == nil || !strings.Contains(err.Error(), "nobody to ask") {
			t.Errorf("got %v", err)
		}
		cancelled := errors.New("cancelled")
		if _, err := Load(file, func(string) (string, error) { return "", cancelled }); !errors.Is(err, cancelled) {
			t.Errorf("got %v", err)
		}
	}
}

func TestFilesRefused(t *testing.T) {
	dir := t.TempDir()
	good := seedPrefix + base64.StdEncoding.EncodeToString(make([]byte, 32))
	for name, text := range map[string]string{
		"empty": "", "other": "vitrine-key-2:" + good[len(seedPrefix):], "short": good[:len(good)-4], "two": good + "\n" + good, "not base64": seedPrefix + strings.Repeat("!", 44),
		"damaged age": "-----BEGIN AGE ENCRYPTED FILE-----\nxx\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(file, func(string) (string, error) { return "x", nil }); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	open := filepath.Join(dir, "open")
	os.WriteFile(open, []byte(good), 0o600)
	os.Chmod(open, 0o640)
	if _, err := Load(open, nil); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others can read: %v", err)
	}
	if _, err := Load(filepath.Join(dir, "none"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestNoteKey(t *testing.T) {
	skey, vkey, err := note.GenerateKey(rand.Reader, "log.example/av1")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "log")
	if err := Write(file, skey+"\n", ""); err != nil {
		t.Fatal(err)
	}
	signer, err := LoadNote(file, nil)
	if err != nil || signer.Name() != "log.example/av1" || !strings.HasPrefix(vkey, "log.example/av1+"+fmt.Sprintf("%08x", signer.KeyHash())) {
		t.Errorf("%v, %v", signer, err)
	}
	if _, err := Load(file, nil); err == nil {
		t.Error("took a log's key for an author's")
	}
}

func TestExternal(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for how, want := range map[string]string{"good": "", "wrong": "not verified", "short": "something else", "endless": "something else", "fails": "no token in the slot"} {
		t.Run(how, func(t *testing.T) {
			t.Setenv("SIGNER", how)
			signer, err := Load("cmd:"+self+" --slot 1", nil)
			if err == nil {
				_, err = signer.Sign([]byte("message"))
			}
			if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("got %v", err)
			}
		})
	}
	for _, spec := range []string{"cmd:", "cmd:/does/not/exist"} {
		if _, err := Load(spec, nil); err == nil {
			t.Errorf("%s: taken", spec)
		}
	}
}
