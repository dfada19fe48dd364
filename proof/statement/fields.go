package statement

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// fields takes an object apart by name. The first thing that is not as expected
// is kept and everything after it answers with zero values, so that a reader of
// one type is a list of names with one check at its end.
type fields struct {
	path    string
	members []member
	taken   int
	err     *error // shared with the objects inside
}

// readFields gives the fields of an object; err is where trouble is kept.
func readFields(path string, v value, err *error) *fields {
	if v.kind != kindObject {
		keep(err, fmt.Errorf("%s is %s, expected an object", path, v.kind))
	}
	return &fields{path: path, members: v.members, err: err}
}

func keep(to *error, err error) {
	if *to == nil {
		*to = err
	}
}

func (f *fields) fail(key, format string, args ...any) {
	keep(f.err, fmt.Errorf("%s.%s: %w", f.path, key, fmt.Errorf(format, args...)))
}

// get finds a member of a kind. Members are found by their exact name: one of
// another case is an unknown one.
func (f *fields) get(key string, want kind) (value, bool) {
	for _, m := range f.members {
		if m.key != key {
			continue
		}
		f.taken++
		if m.value.kind != want {
			f.fail(key, "%s, expected %s", m.value.kind, want)
			return value{}, false
		}
		return m.value, true
	}
	f.fail(key, "missing")
	return value{}, false
}

// done refuses what nobody asked for. Keys are in order and once, so it is
// enough to count.
func (f *fields) done() {
	if f.taken == len(f.members) || *f.err != nil {
		return
	}
	keep(f.err, fmt.Errorf("%s: %d unknown keys among %s", f.path, len(f.members)-f.taken, f.keys()))
}

func (f *fields) keys() string {
	names := make([]string, len(f.members))
	for i, m := range f.members {
		names[i] = strconv.Quote(m.key)
	}
	return strings.Join(names, ", ")
}

func (f *fields) string(key string) string {
	v, _ := f.get(key, kindString)
	return v.text
}

func (f *fields) number(key string) int64 {
	v, _ := f.get(key, kindNumber)
	return v.number
}

// seconds reads a duration of whole seconds, of which there may be so many.
func (f *fields) seconds(key string, most time.Duration) time.Duration {
	n := f.number(key)
	if n > int64(most/time.Second) {
		f.fail(key, "%d seconds, expected at most %d", n, int64(most/time.Second))
		return 0
	}
	return time.Duration(n) * time.Second
}

func (f *fields) object(key string) *fields {
	v, ok := f.get(key, kindObject)
	if !ok {
		v = value{kind: kindObject}
	}
	return readFields(f.path+"."+key, v, f.err)
}

func (f *fields) list(key string) []value {
	v, _ := f.get(key, kindList)
	return v.list
}

func (f *fields) strings(key string) []string {
	var all []string
	for _, v := range f.list(key) {
		if v.kind != kindString {
			f.fail(key, "%s in it, expected strings only", v.kind)
			return nil
		}
		all = append(all, v.text)
	}
	return all
}

// digest reads 32 bytes in lower-case hex.
func (f *fields) digest(key string) [32]byte {
	d, err := parseDigest(f.string(key))
	if err != nil && *f.err == nil {
		f.fail(key, "%w", err)
	}
	return d
}

func parseDigest(s string) ([32]byte, error) {
	var d [32]byte
	if len(s) != 2*len(d) {
		return d, fmt.Errorf("%d characters, expected %d of hex", len(s), 2*len(d))
	}
	raw, err := hex.DecodeString(s)
	if err != nil || hex.EncodeToString(raw) != s {
		return d, errors.New("expected lower-case hex")
	}
	return [32]byte(raw), nil
}

// timeFormat is RFC 3339, in UTC, to the second.
const timeFormat = "2006-01-02T15:04:05Z"

func (f *fields) time(key string) time.Time {
	s := f.string(key)
	t, err := time.Parse(timeFormat, s)
	if (err != nil || t.Format(timeFormat) != s || t.Unix() <= 0) && *f.err == nil {
		f.fail(key, "%.40q, expected a time after 1970 such as 2026-01-31T12:00:00Z", s)
	}
	return t
}
