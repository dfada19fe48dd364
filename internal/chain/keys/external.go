package keys

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"vitrine/proof/statement"
)

// external signs through a program.
type external struct {
	argv []string
	key  statement.Key
}

// External signs through a program, so that a key may stay on a token, in an
// agent or on another machine. The program is started anew for each question,
// with one more argument:
//
//	public   prints the base64 of the Ed25519 public key, 32 bytes
//	sign     reads the message on standard input, and prints the base64 of its
//	         signature, 64 bytes
//
// What it prints is verified before it is used.
func External(argv []string) (statement.Signer, error) {
	if len(argv) == 0 {
		return nil, errors.New("external signer: no program named")
	}
	e := &external{argv: argv}
	public, err := e.ask("public", nil, ed25519.PublicKeySize)
	if err != nil {
		return nil, err
	}
	e.key = statement.NewKey(public)
	return e, nil
}

func (e *external) Key() statement.Key { return e.key }

func (e *external) Sign(message []byte) ([]byte, error) {
	sig, err := e.ask("sign", message, ed25519.SignatureSize)
	if err != nil {
		return nil, err
	}
	if !ed25519.Verify(e.key.Public, message, sig) {
		return nil, fmt.Errorf("external signer %s: what it signed is not verified by its own public key", e.argv[0])
	}
	return sig, nil
}

// ask runs the program and reads so many bytes, in base64.
func (e *external) ask(question string, input []byte, size int) ([]byte, error) {
	var out, complaint bytes.Buffer
	cmd := exec.Command(e.argv[0], append(e.argv[1:len(e.argv):len(e.argv)], question)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &limited{&out}, &limited{&complaint}
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("external signer %s %s: %w: %s", e.argv[0], question, err, strings.TrimSpace(complaint.String()))
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(out.String()))
	if err != nil || len(raw) != size {
		return nil, fmt.Errorf("external signer %s %s: printed something else than the base64 of %d bytes", e.argv[0], question, size)
	}
	return raw, nil
}

// limited takes so much and forgets the rest.
type limited struct{ buffer *bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	const most = 4096
	l.buffer.Write(p[:min(len(p), max(0, most-l.buffer.Len()))])
	return len(p), nil
}
