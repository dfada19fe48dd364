package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"vitrine/internal/chain/keys"
	"vitrine/internal/chain/operator"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tufrepo"
	"vitrine/proof"
	"vitrine/proof/statement"
	"vitrine/proof/tile"

	"golang.org/x/mod/sumdb/note"
)

// evil is the program of somebody who has some of the operator's keys, or all of
// them, and a copy of the site. Its commands are what such a person could do;
// $OP is the operator's folder, where the keys are taken from.
type evil struct {
	op  *operator.Folder
	now time.Time
}

// runEvil is the program's main.
func runEvil(args []string) error {
	op, err := operator.Open(os.Getenv("OP"), nil)
	if err != nil {
		return err
	}
	e := evil{op, world().Now()}
	command, ok := map[string]func([]string) error{
		"sub": e.sub, "cut": e.cut, "pad": e.pad, "cosign": e.cosign, "call": e.call,
		"renew": e.renew, "name": e.name, "timestamp": e.timestamp, "rotate": e.rotate, "freshen": e.freshen, "vouch": e.vouch, "once": e.once, "swap": e.swap, "forge": e.forge, "entries": e.entries,
	}[args[0]]
	if !ok {
		return fmt.Errorf("no such deed: %s", args[0])
	}
	return command(args[1:])
}

func evilMain() {
	if err := runEvil(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "evil:", err)
		os.Exit(2)
	}
}

func edit(name string, change func([]byte) ([]byte, error)) error {
	data, err := os.ReadFile(name)
	if err == nil {
		data, err = change(data)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(name, data, 0o644)
}

// one gives the file that a pattern names: digests in names are not foreseeable.
func one(pattern string) (string, error) {
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) != 1 {
		return "", fmt.Errorf("%s: %q, %v", pattern, names, err)
	}
	return names[0], nil
}

// substitute is sub for one text; it must change something. In the replacement,
// \n is a new line.
func substitute(text []byte, pattern, with string) ([]byte, error) {
	re, err := regexp.Compile("(?m)" + pattern)
	if err != nil {
		return nil, err
	}
	changed := re.ReplaceAll(text, []byte(strings.ReplaceAll(with, `\n`, "\n")))
	if bytes.Equal(text, changed) {
		return nil, fmt.Errorf("%s: nothing to replace in %s", pattern, text)
	}
	return changed, nil
}

// sub PATTERN REPLACEMENT FILE changes a file.
func (e evil) sub(args []string) error {
	return edit(args[2], func(text []byte) ([]byte, error) { return substitute(text, args[0], args[1]) })
}

// cut FILE leaves the first half of a file.
func (e evil) cut(args []string) error {
	name, err := one(args[0])
	if err != nil {
		return err
	}
	return edit(name, func(text []byte) ([]byte, error) { return text[:len(text)/2], nil })
}

// pad FILE BYTES adds white space to a file.
func (e evil) pad(args []string) error {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	return edit(args[0], func(text []byte) ([]byte, error) { return append(text, bytes.Repeat([]byte(" "), n)...), nil })
}

// cosign FILE N… signs the checkpoint in a file, which may be a proof, with the
// log's key and those of witnesses. One named twice signs twice.
func (e evil) cosign(args []string) error { return e.sign(args[0], args[1:], nil) }

// call FILE ORIGIN signs the checkpoint in a file as one of another log.
func (e evil) call(args []string) error {
	return e.sign(args[0], []string{"1", "2", "3"}, func(c *proof.Checkpoint) { c.Origin = args[1] })
}

func (e evil) sign(file string, witnesses []string, change func(*proof.Checkpoint)) error {
	return edit(file, func(data []byte) ([]byte, error) {
		head, at := "", bytes.Index(data, []byte("\n\n"))
		if bytes.HasPrefix(data, []byte("c2sp.org/tlog-proof")) {
			head, data = string(data[:at+2]), data[at+2:]
			at = bytes.Index(data, []byte("\n\n"))
		}
		c, err := proof.ParseCheckpoint(string(data[:at+1]))
		if err != nil {
			return nil, err
		}
		if change != nil {
			change(&c)
		}
		signed, err := e.checkpoint(c, witnesses...)
		return append([]byte(head), signed...), err
	})
}

// checkpoint signs a checkpoint with the log's key and those of witnesses. Each
// further cosignature is a second younger.
func (e evil) checkpoint(c proof.Checkpoint, witnesses ...string) ([]byte, error) {
	log, err := e.op.LogSigner()
	if err != nil {
		return nil, err
	}
	data, err := note.Sign(&note.Note{Text: c.Text()}, log)
	if err != nil {
		return nil, err
	}
	for i, number := range witnesses {
		key, err := os.ReadFile(filepath.Join(e.op.Dir, "witness", number, "key"))
		if err != nil {
			return nil, err
		}
		signer, err := proof.NewCosignatureSigner(strings.TrimSpace(string(key)), func() time.Time { return e.now.Add(time.Duration(i) * time.Second) })
		if err != nil {
			return nil, err
		}
		alone, err := note.Sign(&note.Note{Text: c.Text()}, signer)
		if err != nil {
			return nil, err
		}
		_, line, _ := strings.Cut(string(alone), "\n\n")
		data = append(data, line...)
	}
	return data, nil
}

func (e evil) repo(folder string) tufrepo.Repo { return tufrepo.Repo{Site: folder, Now: e.now} }

// renew SITE OLD names in new metadata, signed by all who must, what an older
// copy of the site named.
func (e evil) renew(args []string) error {
	targets, err := e.repo(args[1]).Targets("rules-core")
	if err != nil {
		return err
	}
	return e.repo(args[0]).Publish("rules-core", targets, e.op.Signers)
}

// name SITE TARGET FILE makes the role targets name a file.
func (e evil) name(args []string) error {
	data, err := os.ReadFile(args[2])
	if err != nil {
		return err
	}
	t := tufrepo.Target{Path: args[1], SHA256: digest(data), Length: int64(len(data))}
	file := filepath.Join(args[0], filepath.FromSlash(site.File(t.Path, t.SHA256)))
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, data, 0o644)); err != nil {
		return err
	}
	return e.repo(args[0]).Publish("targets", []tufrepo.Target{t}, e.op.Signers)
}

// timestamp SITE KEY signs a site's timestamp anew, and the snapshot as it is,
// in a version far ahead, with a key that was taken away.
func (e evil) timestamp(args []string) error {
	stolen, err := keys.Load(args[1], nil)
	if err != nil {
		return err
	}
	repo := e.repo(args[0])
	for range 5 {
		err = errors.Join(err, repo.Refresh(func(role string) ([]statement.Signer, error) {
			if role == "timestamp" {
				return []statement.Signer{stolen}, nil
			}
			return e.op.Signers(role)
		}))
	}
	return err
}

// rotate SITE ROLE KEY replaces the key of an online role, as an honest operator
// does whose key was stolen: with a new root.
func (e evil) rotate(args []string) error {
	private, err := keys.Generate(rand.Reader)
	if err != nil {
		return err
	}
	if err := keys.Write(filepath.Join(e.op.Dir, args[2]), keys.Text(private), ""); err != nil {
		return err
	}
	plan := filepath.Join(e.op.Dir, "operator.json")
	err = edit(plan, func(text []byte) ([]byte, error) {
		var all map[string]any
		if err := json.Unmarshal(text, &all); err != nil {
			return nil, err
		}
		public := base64.StdEncoding.EncodeToString(keys.Public(private).Public)
		all["roles"].(map[string]any)[args[1]].(map[string]any)["keys"] = []any{map[string]any{"public": public, "spec": args[2]}}
		return json.Marshal(all)
	})
	if err != nil {
		return err
	}
	after, err := operator.Open(e.op.Dir, nil)
	if err != nil {
		return err
	}
	layout, err := after.Layout()
	if err != nil {
		return err
	}
	root, err := e.repo(args[0]).NextRoot(layout, after.Signers)
	if err != nil {
		return err
	}
	return e.repo(args[0]).Rotate(layout, root, after.Signers)
}

// vouch BUNDLE makes an installed bundle's description fit the rules beside it.
func (e evil) vouch(args []string) error {
	blob, err := os.ReadFile(filepath.Join(args[0], "rules.vyr"))
	if err != nil {
		return err
	}
	return edit(filepath.Join(args[0], "info.json"), func(text []byte) ([]byte, error) {
		return substitute(text, `"blob": "[0-9a-f]*"`, fmt.Sprintf(`"blob": "%x"`, digest(blob)))
	})
}

// freshen SITE signs a site's timestamp anew, with the key of today.
func (e evil) freshen(args []string) error { return e.repo(args[0]).Refresh(e.op.Signers) }

// once SITE [twice] has the metadata of the rules signed anew, by one key of those
// that must, or by that one twice.
func (e evil) once(args []string) error {
	targets, err := e.repo(args[0]).Targets("rules-core")
	if err != nil {
		return err
	}
	return e.repo(args[0]).Publish("rules-core", targets, func(role string) ([]statement.Signer, error) {
		list, err := e.op.Signers(role)
		if role == "rules-core" && len(list) > 1 {
			list[1] = list[0]
			list = list[:len(args)]
		}
		return list, err
	})
}

// swap FROM TO puts a file or a folder in place of another.
func (e evil) swap(args []string) error {
	from, err := one(args[0])
	if err != nil {
		return err
	}
	to, err := one(args[1])
	if err != nil {
		return err
	}
	if info, err := os.Stat(from); err != nil || !info.IsDir() {
		return edit(to, func([]byte) ([]byte, error) { return os.ReadFile(from) })
	}
	return errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(from)))
}

// entries SITE prints what is in the log of a site, for everybody to see.
func (e evil) entries(args []string) error {
	leaves, err := e.leaves(args[0])
	if err != nil {
		return err
	}
	for i, leaf := range leaves {
		read, err := statement.ParseLeaf(leaf)
		if err != nil {
			return err
		}
		fmt.Printf("%d %s %s\n", i, strings.Split(read.Statement.Predicate.Type(), ":")[2], read.Statement.Subject[0].Name)
	}
	return nil
}

func (e evil) leaves(folder string) (list [][]byte, err error) {
	files := site.Dir(folder)
	p, err := e.op.Policy()
	if err != nil {
		return nil, err
	}
	data, err := files.Fetch(context.Background(), site.Checkpoint, proof.MaxNote)
	if err != nil {
		return nil, err
	}
	c, _, err := proof.OpenCheckpoint(data, p.Log.Verifier)
	if err != nil {
		return nil, err
	}
	reader := tile.NewReader(context.Background(), func(ctx context.Context, path string, limit int64) ([]byte, error) {
		return files.Fetch(ctx, site.Tile(path), limit)
	}, c)
	for entry, err := range reader.Entries(0, c.Size) {
		if err != nil {
			return nil, err
		}
		list = append(list, entry.Data)
	}
	return list, nil
}
