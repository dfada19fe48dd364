package statement

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

const maxText = 1024

func encodeHash(h tlog.Hash) string { return hex.EncodeToString(h[:]) }

// encodeTime writes a time to the second, in UTC. A fraction is written, so
// that reading it back refuses it: nothing is dropped in silence.
func encodeTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999999999Z") }

func encodeStrings(list []string) jsonList {
	all := make(jsonList, len(list))
	for i, s := range list {
		all[i] = s
	}
	return all
}

// checkText bounds what people read. That it holds no control characters the
// decoder has seen to.
func checkText(name, s string) error {
	if s == "" || len(s) > maxText || strings.TrimSpace(s) != s {
		return fmt.Errorf("%s %.40q, expected 1 to %d bytes without space around them", name, s, maxText)
	}
	return nil
}

// checkVersion takes what can stand in a path and a file name.
func checkVersion(s string) error {
	if len(s) > 64 || !plain(s, ".+-") || s[0] < '0' || s[0] > '9' && s[0] != 'v' || strings.Contains(s, "..") {
		return fmt.Errorf("version %.80q, expected digits, letters and .+-, such as 1.4.0", s)
	}
	return nil
}

// checkAscending refuses what would be one list in two spellings.
func checkAscending(name string, list []string) error {
	for i := 1; i < len(list); i++ {
		if list[i-1] >= list[i] {
			return fmt.Errorf("%s %.80q behind %.80q, expected ascending order, each once", name, list[i], list[i-1])
		}
	}
	return nil
}

func oneOf(name, s string, of ...string) error {
	for _, want := range of {
		if s == want {
			return nil
		}
	}
	return fmt.Errorf("%s %.40q, expected one of %s", name, s, strings.Join(of, ", "))
}

func oneSubject(subject []Subject) error {
	if len(subject) != 1 {
		return errors.New("expected one subject")
	}
	return nil
}
