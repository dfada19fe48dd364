package process

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// stat is the part of /proc/PID/stat that is used here.
type stat struct {
	comm   string
	state  byte
	parent int
	start  uint64 // clock ticks since boot
}

var errMalformed = errors.New("malformed process status")

func (d folder) stat() (stat, error) {
	text, err := d.read("stat", maxFileBytes)
	if err != nil {
		return stat{}, err
	}
	s, err := parseStat(text)
	if err != nil {
		return stat{}, fmt.Errorf("process %d: %w", d.pid, err)
	}
	return s, nil
}

// Places of fields behind the name, counted from 0.
const (
	fieldState  = 0
	fieldParent = 1
	fieldStart  = 19
)

// parseStat reads "12 (name) S 1 …". The name is the process's own choice and
// may hold brackets and spaces: what counts is the last bracket.
func parseStat(text []byte) (stat, error) {
	first, last := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if first < 0 || last < first {
		return stat{}, fmt.Errorf("%w: %.60q", errMalformed, text)
	}
	fields := bytes.Fields(text[last+1:])
	if len(fields) <= fieldStart || len(fields[fieldState]) != 1 {
		return stat{}, fmt.Errorf("%w: %.60q", errMalformed, text)
	}
	parent, err := strconv.Atoi(string(fields[fieldParent]))
	if err != nil {
		return stat{}, fmt.Errorf("%w: parent %.20q", errMalformed, fields[fieldParent])
	}
	start, err := strconv.ParseUint(string(fields[fieldStart]), 10, 64)
	if err != nil {
		return stat{}, fmt.Errorf("%w: start %.20q", errMalformed, fields[fieldStart])
	}
	return stat{string(text[first+1 : last]), fields[fieldState][0], parent, start}, nil
}
