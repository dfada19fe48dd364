package control

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// errTooLong is a line of more than MaxLine bytes.
var errTooLong = fmt.Errorf("a line of more than %d bytes", MaxLine)

// readLine gives a line without its newline. It holds no more than it has read,
// so a long line costs who sends it as much as who reads it. io.EOF is an end
// between lines, io.ErrUnexpectedEOF one inside.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > MaxLine {
			return nil, errTooLong
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}

// readRequest reads the one request of a connection.
func readRequest(r *bufio.Reader) (request, error) {
	var q request
	line, err := readLine(r)
	if err != nil {
		return q, err
	}
	if err = strict(line, &q); err != nil {
		return q, Refuse(Usage, "request: %v", err)
	}
	if q.Verb == "" {
		return q, Refuse(Usage, "request: no verb")
	}
	return q, nil
}

// strict decodes exactly one JSON value without unknown fields.
func strict(text []byte, into any) error {
	if !utf8.Valid(text) {
		return errors.New("not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

// line is a value as it goes over the socket.
func line(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if len(text)+1 > MaxLine {
		return nil, errTooLong
	}
	return append(text, '\n'), nil
}
