package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"vitrine/internal/chain/witness"
	"vitrine/internal/durable"
	"vitrine/proof"

	"golang.org/x/mod/sumdb/note"
)

// initialise makes a witness's folder. It never touches one that is there: a
// new key in an old place would be a witness that forgot everything.
func initialise(_ context.Context, e env, args []string) error {
	set, dir := flags(e, "init", "Makes a witness: its folder and its key. Prints the public key, for policies.")
	name := set.String("name", "", "the witness's `name`: a host and a path that are yours, such as witness.example/w1")
	if err := parse(set, args); err != nil {
		return err
	}
	if *name == "" || strings.ContainsAny(*name, "+ \t\n") {
		return errors.New("init needs -name NAME, without spaces and without +, such as witness.example/w1")
	}
	if _, err := os.Lstat(filepath.Join(*dir, "key")); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is a witness already, or cannot be looked at; nothing was changed", *dir)
	}
	skey, vkey, err := proof.GenerateCosignatureKey(e.random, *name)
	if err != nil {
		return err
	}
	disk := durable.Disk{}
	if err := disk.MkdirAll(*dir, 0o700); err != nil {
		return err
	}
	list := "# The logs this witness follows, a line each: log KEY [from-start]\n"
	if err := disk.WriteFile(filepath.Join(*dir, "logs"), []byte(list), 0o600); err != nil {
		return err
	}
	if err := disk.WriteFile(filepath.Join(*dir, "key"), []byte(skey+"\n"), 0o600); err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.stdout, vkey)
	return err
}

// key is the witness's key pair.
func key(e env, dir string) (note.Signer, proof.Key, error) {
	name := filepath.Join(dir, "key")
	info, err := os.Stat(name)
	if err != nil {
		return nil, proof.Key{}, fmt.Errorf("the witness's key: %w (vitrine-witness init makes one)", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, proof.Key{}, fmt.Errorf("%s can be read by others (mode %#o): chmod 600 it, and think of a new key", name, info.Mode().Perm())
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, proof.Key{}, err
	}
	signer, err := proof.NewCosignatureSigner(strings.TrimSpace(string(data)), e.now)
	if err != nil {
		return nil, proof.Key{}, fmt.Errorf("%s: %w", name, err)
	}
	return signer, signer.Key(), nil
}

// logs reads the list of logs.
func logs(dir string) ([]witness.Log, error) {
	name := filepath.Join(dir, "logs")
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var list []witness.Log
	scanner := bufio.NewScanner(file)
	for line := 1; scanner.Scan(); line++ {
		text := strings.TrimSpace(scanner.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		l, err := parseLog(text)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, line, err)
		}
		list = append(list, l)
	}
	return list, scanner.Err()
}

func parseLog(text string) (witness.Log, error) {
	fields := strings.Fields(text)
	fromStart := len(fields) == 3 && fields[2] == "from-start"
	if len(fields) < 2 || fields[0] != "log" || len(fields) > 2 && !fromStart {
		return witness.Log{}, errors.New("expected: log KEY [from-start]")
	}
	k, err := proof.ParseKey(fields[1])
	if err != nil {
		return witness.Log{}, err
	}
	if k.Algorithm != proof.AlgorithmEd25519 {
		return witness.Log{}, fmt.Errorf("%s is not the key of a log", k.Name)
	}
	verifier, err := k.Verifier()
	return witness.Log{Verifier: verifier, FromStart: fromStart}, err
}

// start brings a witness up with the state of its folder, which is locked until
// close is called.
func start(e env, dir string) (w *witness.Witness, k proof.Key, closeIt func() error, err error) {
	signer, k, err := key(e, dir)
	if err != nil {
		return nil, k, nil, err
	}
	followed, err := logs(dir)
	if err != nil {
		return nil, k, nil, err
	}
	own, err := k.Verifier()
	if err != nil {
		return nil, k, nil, err
	}
	store, err := witness.OpenFolder(filepath.Join(dir, "state"), durable.Disk{})
	if err != nil {
		return nil, k, nil, err
	}
	w, err = witness.New(witness.Config{Logs: followed, Signer: signer, Own: own, Store: store})
	if err != nil {
		return nil, k, nil, errors.Join(err, store.Close())
	}
	return w, k, store.Close, nil
}
