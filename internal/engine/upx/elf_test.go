package upx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"vitrine/internal/engine/limit"
	"vitrine/internal/engine/upx/upxtest"
)

const said = "this text, this text was packed, was packed"

// unpack is Unpack on a budget of its own, and looks that all memory comes
// back.
func unpack(t testing.TB, data []byte, l limit.Limits) ([]byte, error) {
	t.Helper()
	c := config(len(data), l)
	u, err := Unpack(data, c)
	out := bytes.Clone(u.Data)
	u.Close()
	if c.Budget.Held() != 0 {
		t.Errorf("%d bytes still held", c.Budget.Held())
	}
	return out, err
}

func TestELF(t *testing.T) {
	for _, m := range upxtest.Machines() {
		program := m.Program(said)
		for _, how := range []upxtest.Pack{
			{Method: upxtest.NRV2B}, {Method: upxtest.NRV2D}, {Method: upxtest.NRV2E}, {Method: 9},
			{Method: upxtest.LZMA}, {Method: upxtest.Flate},
			{Method: upxtest.NRV2E, Filter: m.Filter}, {Method: upxtest.LZMA, Filter: m.Filter},
			{Method: upxtest.NRV2E, Filter: m.Filter, Block: 600}, {Method: upxtest.NRV2B, Old: true},
			{Method: upxtest.NRV2E, Spoil: upxtest.NoInfo}, {Method: upxtest.NRV2E, Spoil: upxtest.NoMagic},
			{Method: upxtest.NRV2E, Spoil: upxtest.Appended},
		} {
			t.Run(fmt.Sprintf("%s/%+v", m.Name, how), func(t *testing.T) {
				data := m.Packed(program, how)
				if bytes.Contains(data, []byte(said)) {
					t.Error("the text is not packed")
				}
				if !Identify(data) {
					t.Error("not identified")
				}
				if got, err := unpack(t, data, limit.Limits{}); err != nil || !bytes.Equal(got, program) {
					t.Errorf("%v, %d bytes of %d", err, len(got), len(program))
				}
			})
		}
	}
}

// A program spoilt so that nothing tells whether all is right is unpacked as
// far as it goes, and never said to be whole.
func TestSpoiltELF(t *testing.T) {
	for _, m := range upxtest.Machines() {
		program := m.Program(said)
		for how, whole := range map[upxtest.Spoil]bool{
			upxtest.NoHeader: true, upxtest.WrongSums: true, upxtest.NoMarks: true, upxtest.WrongData: false,
		} {
			for _, method := range []int{upxtest.NRV2E, upxtest.LZMA} {
				data := m.Packed(program, upxtest.Pack{Method: method, Filter: m.Filter, Spoil: how})
				if !Identify(data) {
					t.Errorf("%s, spoil %d: not identified", m.Name, how)
				}
				got, err := unpack(t, data, limit.Limits{})
				if l := limit.Of(err); l == nil || l.Reason != limit.Damaged {
					t.Errorf("%s, spoil %d: %v", m.Name, how, err)
				}
				if whole && !bytes.Equal(got, program) {
					t.Errorf("%s, spoil %d: not the whole program", m.Name, how)
				}
			}
		}
	}
}

// Some programs are packed from the first byte to the last, whatever they are.
func TestWholeFiles(t *testing.T) {
	m := upxtest.Machines()[1]
	for name, program := range map[string][]byte{
		"ELF": m.Program(strings.Repeat(said, 3000)), "script": []byte("#!/bin/sh\n" + strings.Repeat("echo "+said+"\n", 50)),
	} {
		for _, block := range []int{0, 90_000} {
			data := m.PackedWhole(program, upxtest.Pack{Method: upxtest.NRV2B, Filter: m.Filter, Block: block})
			if !Identify(data) {
				t.Errorf("%s: not identified", name)
			}
			if got, err := unpack(t, data, limit.Limits{}); err != nil || !bytes.Equal(got, program) {
				t.Errorf("%s in blocks of %d: %v, %d bytes of %d", name, block, err, len(got), len(program))
			}
		}
		spoilt := m.PackedWhole(program, upxtest.Pack{Method: upxtest.NRV2B, Spoil: upxtest.NoMarks})
		if got, err := unpack(t, spoilt, limit.Limits{}); name == "ELF" && (err == nil || !bytes.Equal(got, program)) {
			t.Errorf("%s without any mark: %v, %d bytes of %d", name, err, len(got), len(program))
		}
	}
}

// A gap that is in blocks whose size nothing tells.
func TestGapInBlocks(t *testing.T) {
	m := upxtest.Machines()[0]
	program := append(m.Program(said), bytes.Repeat([]byte("and more behind, and more behind"), 100)...)
	data := m.Packed(program, upxtest.Pack{Method: upxtest.NRV2E, Block: 600, Spoil: upxtest.NoInfo})
	if got, err := unpack(t, data, limit.Limits{}); err != nil || !bytes.Equal(got, program) {
		t.Errorf("%v, %d bytes of %d", err, len(got), len(program))
	}
}

func TestCutELF(t *testing.T) {
	m := upxtest.Machines()[0]
	program := m.Program(said)
	data := m.Packed(program, upxtest.Pack{Method: upxtest.NRV2E})
	for n := 0; n < len(data); n += 7 {
		got, err := unpack(t, data[:n], limit.Limits{})
		if err == nil && !bytes.Equal(got, program) { // the last bytes matter to the loader only
			t.Fatalf("cut at %d: no error", n)
		}
		if len(got) > len(program) {
			t.Errorf("cut at %d: %d bytes came out", n, len(got))
		}
	}
}

// Sizes and places of 4 GiB cost what is really there.
func TestELFClaims(t *testing.T) {
	m := upxtest.Machines()[0]
	for name, change := range map[string]func(program []byte){
		"a segment far behind":     func(b []byte) { binary.LittleEndian.PutUint64(b[64+56+8:], 1<<40) },
		"a segment of 16 EiB":      func(b []byte) { binary.LittleEndian.PutUint64(b[64+56+32:], 1<<64-1) },
		"a segment at the end":     func(b []byte) { binary.LittleEndian.PutUint64(b[64+56+8:], 1<<64-8) },
		"a hole of 4 GiB":          func(b []byte) { binary.LittleEndian.PutUint64(b[64+56+8:], 1<<32) },
		"segments that share all":  func(b []byte) { binary.LittleEndian.PutUint64(b[64+56+8:], 0) },
		"more segments than bytes": func(b []byte) { binary.LittleEndian.PutUint16(b[56:], 0xffff) },
	} {
		t.Run(name, func(t *testing.T) {
			program := m.Program(said)
			whole := m.Packed(program, upxtest.Pack{Method: upxtest.NRV2E})
			// The first block is packed anew: the others stay what they are.
			head := bytes.Clone(program[:64+2*56])
			change(head)
			block := upxtest.Stream(upxtest.NRV2E, head)
			at := 64 + 2*56 + 24
			old := int(binary.LittleEndian.Uint32(whole[at+4:]))
			data := binary.LittleEndian.AppendUint32(bytes.Clone(whole[:at]), uint32(len(head)))
			data = binary.LittleEndian.AppendUint32(data, uint32(len(block)))
			data = append(data, upxtest.NRV2E, 0, 0, 0)
			data = append(append(data, block...), whole[at+12+old:]...)
			got, err := unpack(t, data, limit.Limits{MaxMemory: 4 << 20})
			if err == nil || len(got) > 2*len(program)+holes {
				t.Errorf("%v, %d bytes", err, len(got))
			}
		})
	}
	data := m.Packed(m.Program(said), upxtest.Pack{Method: upxtest.NRV2E})
	at := 64 + 2*56 + 24
	binary.LittleEndian.PutUint32(data[at:], 1<<32-1)
	if got, err := unpack(t, data, limit.Limits{MaxMemory: 1 << 20}); err == nil || len(got) > 4096 {
		t.Errorf("a first block of 4 GiB: %v, %d bytes", err, len(got))
	}
}

func TestLimitsOfELF(t *testing.T) {
	m := upxtest.Machines()[0]
	program := m.Program(strings.Repeat("aaaaaaaaaaaaaaaa", 40_000))
	data := m.Packed(program, upxtest.Pack{Method: upxtest.NRV2E})
	for _, c := range []struct {
		l    limit.Limits
		want limit.Reason
	}{
		{limit.Limits{MaxObject: 100_000}, limit.Size},
		{limit.Limits{MaxTotal: 100_000}, limit.Size},
		{limit.Limits{MaxMemory: 200_000}, limit.Size},
	} {
		got, err := unpack(t, data, c.l)
		if l := limit.Of(err); l == nil || l.Reason != c.want || len(got) == 0 {
			t.Errorf("%+v: %v, %d bytes", c.l, err, len(got))
		}
	}
}

// Programs that are not packed are not taken for packed ones, not even those
// that speak of the packer.
func TestNotPacked(t *testing.T) {
	for _, m := range upxtest.Machines() {
		if Identify(m.Program(said)) || Identify(m.Program("UPX! UPX! UPX!")) {
			t.Errorf("%s: taken for packed", m.Name)
		}
	}
	for _, s := range []string{"", "\x7fELF", "MZ", strings.Repeat("UPX!", 50), "MZ" + strings.Repeat("UPX!", 50), "\x7fELF\x02\x01\x01" + strings.Repeat("\xff", 90)} {
		if Identify([]byte(s)) {
			t.Errorf("%.10q… is taken for packed", s)
		}
		if got, err := unpack(t, []byte(s), limit.Limits{}); err == nil || len(got) > 0 {
			t.Errorf("%.10q…: %v", s, err)
		}
	}
}
