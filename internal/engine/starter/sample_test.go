package starter

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// sample is a made-up file that a rule must find: an inert fragment that has
// the marks the rule looks for and does nothing.
//
// In text, "¦" is cut out, so that no file of the repository holds a mark in
// one piece, and «x*40» stands for forty times x.
type sample struct {
	carrier carrier
	text    string
}

// carrier turns the text of a sample into the bytes of a file.
type carrier func(text string) []byte

func (s sample) build() []byte { return s.carrier(expand(s.text)) }

// expand puts a text together that is stored in pieces.
func expand(text string) string {
	text = strings.ReplaceAll(text, "¦", "")
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "«")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		inside, after, _ := strings.Cut(rest, "»")
		star := strings.LastIndexByte(inside, '*')
		times, err := strconv.Atoi(inside[star+1:])
		if err != nil {
			panic("sample with a bad repeat: " + inside)
		}
		out.WriteString(strings.Repeat(inside[:star], times))
		text = after
	}
}

// raw is the text itself.
func raw(text string) []byte { return []byte(text) }

// php, sh, py and pl put the opening of the language in front.
func php(text string) []byte { return []byte("<?php\n" + text + "\n") }
func sh(text string) []byte  { return []byte("#!/bin/sh\n" + text + "\n") }
func py(text string) []byte  { return []byte("#!/usr/bin/env python3\n" + text + "\n") }
func pl(text string) []byte  { return []byte("#!/usr/bin/perl\n" + text + "\n") }

// hexed is bytes written in hex; spaces and new lines do not count.
func hexed(text string) []byte {
	data, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		panic("sample with bad hex: " + err.Error())
	}
	return data
}

// lines puts the lines of text behind header as NUL-terminated strings, the way
// they lie in a program. A line that starts with "hex " holds bytes.
func lines(header []byte, text string) []byte {
	out := append(header, 0)
	for line := range strings.SplitSeq(text, "\n") {
		if digits, ok := strings.CutPrefix(line, "hex "); ok {
			out = append(out, hexed(digits)...)
			continue
		}
		out = append(append(out, line...), 0)
	}
	return out
}

// ELF types and machines.
const (
	typeRel, typeExec, typeDyn = 1, 2, 3
	machineX86, machineMIPS    = 62, 8
	machineBPF                 = 247
)

// elfHeader is a 64-bit little-endian header that names no sections and
// segments.
func elfHeader(kind, machine uint16) []byte {
	h := make([]byte, 64)
	copy(h, "\x7fELF\x02\x01\x01")
	binary.LittleEndian.PutUint16(h[16:], kind)
	binary.LittleEndian.PutUint16(h[18:], machine)
	binary.LittleEndian.PutUint32(h[20:], 1)
	binary.LittleEndian.PutUint16(h[52:], 64)
	binary.LittleEndian.PutUint16(h[54:], 56)
	binary.LittleEndian.PutUint16(h[58:], 64)
	return h
}

// elf, elfLib, elfModule and elfBPF hold strings behind a header: a program, a
// shared library, a kernel module, an eBPF object.
func elf(text string) []byte       { return lines(elfHeader(typeExec, machineX86), text) }
func elfLib(text string) []byte    { return lines(elfHeader(typeDyn, machineX86), text) }
func elfModule(text string) []byte { return lines(elfHeader(typeRel, machineX86), text) }
func elfBPF(text string) []byte    { return lines(elfHeader(typeRel, machineBPF), text) }
func elfMIPS(text string) []byte   { return lines(elfHeader(typeExec, machineMIPS), text) }

// elfXor is a program whose strings are XORed with 0x22, elfXorOther one with
// another key.
func elfXor(text string) []byte      { return elfKeyed(text, 0x22) }
func elfXorOther(text string) []byte { return elfKeyed(text, 0x54) }

func elfKeyed(text string, key byte) []byte {
	out := append(elfHeader(typeExec, machineX86), 0)
	for line := range strings.SplitSeq(text, "\n") {
		for i := range len(line) {
			out = append(out, line[i]^key)
		}
		out = append(out, 0)
	}
	return out
}

// elfSegments is a program with one segment of everything, whose flags and
// entry point are given, and no sections.
func elfSegments(text string, flags uint32, segments uint16) []byte {
	h := elfHeader(typeExec, machineX86)
	binary.LittleEndian.PutUint64(h[24:], 0x400000+64+56*uint64(segments))
	binary.LittleEndian.PutUint64(h[32:], 64)
	binary.LittleEndian.PutUint16(h[56:], segments)
	out := h
	size := uint64(64+56*int(segments)) + uint64(len(text))
	for range segments {
		p := make([]byte, 56)
		binary.LittleEndian.PutUint32(p, 1)
		binary.LittleEndian.PutUint32(p[4:], flags)
		binary.LittleEndian.PutUint64(p[16:], 0x400000)
		binary.LittleEndian.PutUint64(p[24:], 0x400000)
		binary.LittleEndian.PutUint64(p[32:], size)
		binary.LittleEndian.PutUint64(p[40:], size)
		binary.LittleEndian.PutUint64(p[48:], 0x1000)
		out = append(out, p...)
	}
	return append(out, text...)
}

func elfOneRWX(text string) []byte { return elfSegments(text, 7, 1) }
func elfTwoRWX(text string) []byte { return elfSegments(text, 7, 2) }
func elfTwoRX(text string) []byte  { return elfSegments(text, 5, 2) }

// elfNoise is a program whose body looks compressed: a multiplicative sequence
// gives every byte value equally often.
func elfNoise(text string) []byte {
	body := make([]byte, 16<<10)
	state := uint32(1)
	for i := range body {
		state = state*1664525 + 1013904223
		body[i] = byte(state >> 24)
	}
	return elfSegments(text+string(body), 5, 2)
}

// pe is the least header that passes for a Windows program, with strings.
func pe(text string) []byte {
	h := make([]byte, 0x80)
	copy(h, "MZ")
	binary.LittleEndian.PutUint32(h[0x3C:], 0x60)
	copy(h[0x60:], "PE\x00\x00")
	return lines(h, text)
}

// macho is a 64-bit Mach-O magic number with strings.
func macho(text string) []byte { return lines([]byte{0xCF, 0xFA, 0xED, 0xFE, 7, 0, 0, 1}, text) }

// lnk, ole, onenote and redis are the magic numbers of those formats, with text.
func lnk(text string) []byte {
	return append(hexed("4C000000 01140200 00000000 C0000000 00000046"), wide(text)...)
}
func ole(text string) []byte     { return append(hexed("D0CF11E0A1B11AE1"), text...) }
func onenote(text string) []byte { return lines(hexed("E4525C7B8CD8A74DAEB15378D02996D3"), text) }
func redis(text string) []byte   { return []byte("REDIS0009\xfa\x09redis-ver\x055.0.7" + text + "\xff") }

// wide is text in UTF-16, little-endian.
func wide(text string) []byte {
	var out bytes.Buffer
	for _, unit := range utf16.Encode([]rune(text)) {
		out.WriteByte(byte(unit))
		out.WriteByte(byte(unit >> 8))
	}
	return out.Bytes()
}

// samples gathers the samples of all themes by the name of the rule each is for.
func samples(t *testing.T) map[string]sample {
	t.Helper()
	all := map[string]sample{}
	for _, theme := range []map[string]sample{
		testFileSamples, phpSamples, phpFamilySamples, jspSamples, aspxSamples, scriptShellSamples,
		reverseShellSamples, dropperSamples, windowsDropperSamples, minerSamples, botnetSamples,
		backdoorSamples, rootkitSamples, persistenceSamples, credentialSamples, stagerSamples,
		packedSamples, keygenSamples, ransomSamples, mailDropperSamples, mailDocumentSamples,
	} {
		for name, s := range theme {
			if _, twice := all[name]; twice {
				t.Errorf("two samples for rule %s", name)
			}
			all[name] = s
		}
	}
	return all
}
