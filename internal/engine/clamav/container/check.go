package container

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
)

// State is the outcome of one check.
type State uint8

// The outcomes.
const (
	Absent State = iota // there was nothing to check
	Good
	Bad
)

// String gives a word for people.
func (s State) String() string {
	return [...]string{"unchecked", "good", "bad"}[min(s, 2)]
}

// Trust is what is known of where a container comes from.
type Trust struct {
	MD5    State // the archive has the header's MD5; Absent for a .cld
	Header State // the header's signature fits its MD5; Absent for a .cld
	List   State // the list inside is signed, and each file is as listed
	Detail string
}

// Official tells that ClamAV's makers signed every byte.
func (t Trust) Official() bool {
	return t.List == Good && t.MD5 != Bad && t.Header != Bad || t.MD5 == Good && t.Header == Good && t.List != Bad
}

// maxList is the largest list of digests inside a container, in bytes.
const maxList = 1 << 20

type checker struct {
	header  *Header
	keys    publicKeys
	updated bool
	whole   hash.Hash
	found   map[string][32]byte
	list    []byte
}

func newChecker(h *Header, updated bool, keys publicKeys) *checker {
	return &checker{header: h, keys: keys, updated: updated, whole: md5.New(), found: map[string][32]byte{}}
}

// file hands one file out and remembers its digest.
func (c *checker) file(name string, r io.Reader, visit Visit) error {
	if strings.HasSuffix(name, ".info") {
		var err error
		if c.list, err = io.ReadAll(io.LimitReader(r, maxList)); err != nil {
			return fmt.Errorf("container: %s: %w", name, err)
		}
		return nil
	}
	sum := sha256.New()
	tee := io.TeeReader(r, sum)
	if err := visit(name, tee); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, tee); err != nil {
		return fmt.Errorf("container: %s: %w", name, err)
	}
	c.found[name] = [32]byte(sum.Sum(nil))
	return nil
}

func (c *checker) trust() Trust {
	var t Trust
	if !c.updated {
		t.MD5 = state(hex.EncodeToString(c.whole.Sum(nil)) == strings.ToLower(c.header.MD5))
		t.Header = state(c.keys.header.headerSigned(c.header.MD5, c.header.Signature))
	}
	if c.list != nil {
		err := c.checkList()
		t.List = state(err == nil)
		if err != nil {
			t.Detail = err.Error()
		}
	}
	return t
}

func state(ok bool) State {
	if ok {
		return Good
	}
	return Bad
}

// checkList holds the list and its signature against the files. Every file
// must stand in the list: one slipped in would carry signatures nobody signed.
func (c *checker) checkList() error {
	signed, listed, err := parseList(c.list)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(signed.bytes)
	if !c.keys.list.listSigned(sum, signed.signature) {
		return errors.New("the signature of the list of files does not fit")
	}
	for name, digest := range c.found {
		switch want, ok := listed[name]; {
		case !ok && !unlisted(name):
			return fmt.Errorf("%q is not in the signed list of files", name)
		case ok && want != digest:
			return fmt.Errorf("%q is not the file that was signed", name)
		}
	}
	return nil
}

// unlisted names what containers hold besides databases.
func unlisted(name string) bool { return name == "COPYING" }

type signedPart struct {
	bytes     []byte
	signature string
}

// parseList reads lines of name:size:sha256 up to the line with the signature.
func parseList(list []byte) (signedPart, map[string][32]byte, error) {
	listed := map[string][32]byte{}
	scan := bufio.NewReader(bytes.NewReader(list))
	at := 0
	for {
		line, err := scan.ReadString('\n')
		if sig, ok := strings.CutPrefix(line, "DSIG:"); ok {
			return signedPart{list[:at], strings.TrimRight(sig, "\r\n")}, listed, nil
		}
		if err != nil {
			return signedPart{}, nil, errors.New("the list of files has no signature")
		}
		at += len(line)
		if strings.HasPrefix(line, magic) {
			continue
		}
		f := strings.Split(strings.TrimRight(line, "\r\n"), ":")
		if len(f) != 3 {
			return signedPart{}, nil, fmt.Errorf("the list of files has a line of %d fields, expected 3", len(f))
		}
		digest, err := hex.DecodeString(f[2])
		if _, bad := strconv.ParseUint(f[1], 10, 63); bad != nil || err != nil || len(digest) != 32 {
			return signedPart{}, nil, fmt.Errorf("the list of files has a malformed line for %q", f[0])
		}
		listed[f[0]] = [32]byte(digest)
	}
}
