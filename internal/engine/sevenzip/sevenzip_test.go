package sevenzip

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/archive/archivetest"
	"vitrine/internal/engine/codec"
	"vitrine/internal/engine/limit"
)

func config(l limit.Limits, passwords ...string) Config {
	b := limit.NewBudget(limit.Config{Limits: l})
	b.Begin(context.Background(), 1)
	return Config{Opener: &codec.Opener{Budget: b}, Passwords: passwords}
}

// unpack reads all files of an archive, by folder.
func unpack(t *testing.T, data []byte, password string) ([]File, []string, error) {
	t.Helper()
	c := config(limit.Limits{}, password)
	a, err := Open(data, c)
	if err != nil {
		if c.Opener.Budget.Held() != 0 {
			t.Errorf("%d bytes held after an error", c.Opener.Budget.Held())
		}
		return nil, nil, err
	}
	var files []File
	var bodies []string
	var r io.ReadCloser
	last := -1
	a.Files(func(folder int, f File) bool {
		if folder != last {
			if r != nil {
				r.Close()
			}
			last = folder
			if r, err = a.Reader(folder, password); err != nil {
				return false
			}
		}
		var b bytes.Buffer
		_, err = io.CopyN(&b, r, f.Size)
		if err == nil && f.HasCRC && crc32.ChecksumIEEE(b.Bytes()) != f.CRC {
			err = errors.New("checksum")
		}
		files, bodies = append(files, f), append(bodies, b.String())
		return err == nil
	})
	if r != nil {
		r.Close()
	}
	a.Close()
	if c.Opener.Budget.Held() != 0 {
		t.Errorf("%d bytes still held", c.Opener.Budget.Held())
	}
	return files, bodies, err
}

func TestKeptArchives(t *testing.T) {
	for _, name := range archivetest.Names() {
		base, ok := strings.CutSuffix(name, ".7z")
		if !ok {
			continue
		}
		password := ""
		switch base {
		case "infected", "infectedhe":
			password = "infected"
		case "secret":
			password = "secret"
		}
		files, bodies, err := unpack(t, archivetest.File(name), password)
		if err != nil || len(files) == 0 {
			t.Errorf("%s: %d files, %v", name, len(files), err)
			continue
		}
		want := map[string]string{"numbers.txt": string(archivetest.Numbers()), "d/eicar.txt": string(archivetest.EICAR()), "branches.bin": string(archivetest.Branches())}
		for i, f := range files {
			if bodies[i] != want[f.Name] || !f.HasCRC {
				t.Errorf("%s: %q has other bytes", name, f.Name)
			}
		}
	}
}

func stored(files ...archivetest.SevenFile) archivetest.Folder {
	return archivetest.Folder{Method: []byte{0}, Packed: []byte("0123456789"), Files: files}
}

func TestBuilt(t *testing.T) {
	two := archivetest.SevenZip(
		stored(archivetest.Whole("a", []byte("0123")), archivetest.Whole("päth/☃", []byte("456789"))),
		stored(archivetest.Whole("b", []byte("0123456789"))))
	files, bodies, err := unpack(t, two, "")
	if err != nil || !slices.Equal(bodies, []string{"0123", "456789", "0123456789"}) || files[1].Name != "päth/☃" {
		t.Errorf("got %q, %v", bodies, err)
	}
	if files, _, err := unpack(t, archivetest.SevenZip(), ""); err != nil || len(files) != 0 {
		t.Errorf("empty archive: %v, %v", files, err)
	}
	if files, _, err := unpack(t, archivetest.SevenZipHeader(nil, nil), ""); err != nil || len(files) != 0 {
		t.Errorf("archive without a header: %v, %v", files, err)
	}
}

func TestPackedSize(t *testing.T) {
	a, err := Open(archivetest.SevenZip(stored(archivetest.Whole("a", []byte("0123456789")))), config(limit.Limits{}))
	if err != nil {
		t.Fatal(err)
	}
	if a.Folders() != 1 || a.PackedSize(0) != 10 || a.Encrypted(0) {
		t.Errorf("%d folders, %d packed, encrypted %v", a.Folders(), a.PackedSize(0), a.Encrypted(0))
	}
}

func TestPasswords(t *testing.T) {
	if _, err := Open(archivetest.File("infectedhe.7z"), config(limit.Limits{}, "wrong")); !errors.Is(err, ErrPassword) {
		t.Errorf("got %v", err)
	}
	a, err := Open(archivetest.File("infected.7z"), config(limit.Limits{}))
	if err != nil || !a.Encrypted(0) {
		t.Fatalf("got %v", err)
	}
	for range 2 { // the second key comes from memory
		r, err := a.Reader(0, "infected")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || len(got) != len(archivetest.Numbers())+len(archivetest.EICAR()) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		r.Close()
	}
	if len(a.keys) != 1 {
		t.Errorf("%d keys were derived", len(a.keys))
	}
}

func TestKeyRounds(t *testing.T) {
	a := &Archive{open: config(limit.Limits{}).Opener, keys: map[string][32]byte{}}
	if k, err := a.key(aesParams{log: noRounds, salt: []byte{1, 2}}, "A"); err != nil || k != [32]byte{1, 2, 'A'} {
		t.Errorf("no rounds: got %x, %v", k, err)
	}
	if _, err := a.key(aesParams{log: maxRoundsLog + 1}, "A"); err == nil || limit.Of(err).Reason != limit.Encrypted {
		t.Errorf("too many rounds: got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a.open.Budget.Begin(ctx, 1)
	if _, err := a.key(aesParams{log: 20}, "A"); !limit.Final(err) {
		t.Errorf("cancelled: got %v", err)
	}
}

func TestAESProperties(t *testing.T) {
	p, err := parseAES([]byte{0xc0 | 19, 0x11, 1, 2, 9, 8})
	if err != nil || p.log != 19 || !bytes.Equal(p.salt, []byte{1, 2}) || p.iv != [16]byte{9, 8} {
		t.Errorf("got %+v, %v", p, err)
	}
	for _, b := range [][]byte{nil, {0x80}, {0xc0, 0x11, 1}, {0x40, 0x0f}} {
		if _, err := parseAES(b); err == nil {
			t.Errorf("% x is taken", b)
		}
	}
}

// header builds a header of properties after its type.
func header(parts ...[]byte) []byte {
	return archivetest.SevenZipHeader([]byte("0123456789"), append([]byte{idHeader}, slices.Concat(parts...)...))
}

func n(v uint64) []byte { return archivetest.SevenNumber(nil, v) }

func TestMalformedHeaders(t *testing.T) {
	good := archivetest.SevenZip(stored(archivetest.Whole("a", []byte("0123456789"))))
	change := func(at int) []byte {
		c := slices.Clone(good)
		c[(at+len(c))%len(c)] ^= 1
		return c
	}
	b := func(b ...byte) []byte { return b }
	unpackInfo := func(folders ...byte) []byte {
		return header(b(idMainStreams, idUnpackInfo, idFolder, 1, 0), folders)
	}
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"short", good[:20], "unexpected EOF"},
		{"magic", change(0), "unexpected EOF"},
		{"start header", change(15), "start header's checksum"},
		{"header", change(-1), "header's checksum"},
		{"cut off", good[:len(good)-1], "cut off"},
		{"type", archivetest.SevenZipHeader(nil, b(9)), "header type"},
		{"property", header(b(99)), "property 0x63"},
		{"stream property", header(b(idMainStreams, 99)), "stream property"},
		{"packed streams", header(b(idMainStreams, idPackInfo), n(0), n(1<<40)), "malformed header"},
		{"packed size", header(b(idMainStreams, idPackInfo), n(1<<61), n(2), b(idSize), n(1<<62), n(1<<62)), "packed streams"},
		{"pack property", header(b(idMainStreams, idPackInfo, 0, 1, 99)), "pack property"},
		{"folders", header(b(idMainStreams, idUnpackInfo, idFolder), n(1<<30)), "malformed"},
		{"no folders", header(b(idMainStreams, idUnpackInfo, 99)), "folders"},
		{"folders elsewhere", header(b(idMainStreams, idUnpackInfo, idFolder, 1, 1)), "another stream"},
		{"no coders", unpackInfo(0), "folder"},
		{"many coders", unpackInfo(33), "folder"},
		{"old coder", unpackInfo(1, 0x81, 0), "coder flags"},
		{"coder with two outputs", unpackInfo(1, 0x11, 0, 1, 2), "outputs"},
		{"coder without input", unpackInfo(1, 0x11, 0, 0, 1), "without input"},
		{"coder properties", unpackInfo(1, 0x21, 0, 100), "unexpected EOF"},
		{"many inputs", unpackInfo(2, 0x11, 0, 32, 1, 0x11, 0, 32, 1), "more than 32 streams"},
		{"stream bound twice", unpackInfo(3, 1, 0, 1, 0, 1, 0, 0, 1, 0, 2), "bound twice"},
		{"packed stream bound twice", unpackInfo(2, 0x11, 0, 2, 1, 0x11, 0, 2, 1, 0, 1, 1, 1), "bound twice"},
		{"nothing packed", unpackInfo(2, 1, 0, 1, 0, 5, 0), "malformed"},
		{"folder property", unpackInfo(1, 1, 0, 99), "folder property"},
		{"many files", header(b(idFiles), n(1<<21)), "lists more than"},
		{"more files than bytes", header(b(idFiles), n(1000)), "list of 1000 files"},
		{"names elsewhere", header(b(idFiles, 1, idNames, 1, 1)), "another stream"},
		{"name without an end", header(b(idFiles, 1, idNames, 3, 0, 'a', 0)), "without an end"},
		{"short bits", header(b(idFiles, 3, idEmptyStream, 0, 0, 0, 0)), "unexpected EOF"},
		{"headers in headers", archivetest.SevenZipHeader(nil, b(idEncoded, idEnd)), "packed header of 0 folders"},
	}
	for _, tt := range tests {
		if _, _, err := unpack(t, tt.data, ""); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestMalformedFolders(t *testing.T) {
	folder := func(method string, props ...byte) []byte {
		f := stored(archivetest.Whole("a", []byte("0123456789")))
		f.Method, f.Props = []byte(method), props
		return archivetest.SevenZip(f)
	}
	tests := []struct {
		name   string
		data   []byte
		reason limit.Reason
	}{
		{"unknown method", folder("\x04\xf7\x11\x02"), limit.Method},
		{"lzma properties", folder("\x03\x01\x01", 0x5d), limit.Damaged},
		{"lzma2 dictionary", folder("\x21", 41), limit.Damaged},
		{"ppmd memory", folder("\x03\x04\x01", 6, 0, 0, 0, 0x7f), limit.Dict},
		{"bcj2 with one stream", folder("\x03\x03\x01\x1b"), limit.Damaged},
		{"encryption", folder("\x06\xf1\x07\x01"), limit.Damaged},
		{"riscv", folder("\x0b"), limit.Method},
		{"larger than its stream", archivetest.SevenZip(stored(archivetest.SevenFile{Name: "a", Size: 11})), limit.Damaged},
	}
	for _, tt := range tests {
		_, _, err := unpack(t, tt.data, "")
		if err == nil || limit.Of(err).Reason != tt.reason {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.reason)
		}
	}
}

func TestRingOfCoders(t *testing.T) {
	folder := func(bonds ...byte) []byte {
		return header([]byte{idMainStreams, idPackInfo, 0, 1, idSize, 10, idEnd, idUnpackInfo, idFolder, 1, 0},
			[]byte{3, 1, 0, 1, 0, 1, 0}, bonds, []byte{idUnpackSize, 10, 10, 10, idEnd, idEnd, idEnd})
	}
	// The first coder is fed by the second, and that by the third.
	if _, bodies, err := unpack(t, folder(0, 1, 1, 2), ""); err != nil || !slices.Equal(bodies, []string{"0123456789"}) {
		t.Errorf("a chain: got %q, %v", bodies, err)
	}
	// The second feeds itself.
	if _, _, err := unpack(t, folder(0, 1, 1, 1), ""); err == nil || !strings.Contains(err.Error(), "in a ring") {
		t.Errorf("a ring: got %v", err)
	}
	if _, _, err := unpack(t, folder(0, 1, 1, 0), ""); err != nil {
		t.Errorf("a ring beside the way: %v", err)
	}
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]uint64{"\x00": 0, "\x7f": 127, "\x80\x80": 128, "\xbf\xff": 1<<14 - 1,
		"\xc0\x00\x40": 1 << 14, "\xfe\x01\x02\x03\x04\x05\x06\x07": 0x07060504030201, "\xff\x01\x02\x03\x04\x05\x06\x07\x08": 0x0807060504030201} {
		c := &cursor{b: []byte(text)}
		if got := c.number(); got != want || c.err != nil || len(c.b) != 0 {
			t.Errorf("% x: got %#x, want %#x, %v", text, got, want, c.err)
		}
	}
}

func FuzzSevenZipHeader(f *testing.F) {
	f.Add(archivetest.SevenZip(stored(archivetest.Whole("a", []byte("0123")), archivetest.Whole("b", []byte("456789"))))[42:])
	f.Add([]byte{idHeader, idMainStreams, idUnpackInfo, idFolder, 1, 0, 2, 0x14, 3, 3, 1, 0x1b, 4, 1})
	f.Fuzz(func(t *testing.T, h []byte) {
		unpack(t, archivetest.SevenZipHeader([]byte("0123456789"), h), "x")
	})
}
