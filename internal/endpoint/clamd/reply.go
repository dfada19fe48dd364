package clamd

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"unicode/utf8"

	"vitrine/internal/endpoint/verdict"
)

// What the original says, word for word.
const (
	sayUnknown     = "UNKNOWN COMMAND"
	sayUnavailable = "COMMAND UNAVAILABLE"
	sayTimedOut    = "COMMAND READ TIMED OUT\n"
	sayTooLarge    = "INSTREAM size limit exceeded. ERROR"
	sayNoFile      = "No file descriptor received. ERROR"
	sayStrayFile   = "PROTOCOL ERROR: ancillary data sent without FILDES. ERROR"
	sayInvalid     = "Command invalid inside IDSESSION. ERROR"
	sayOldStyle    = "Only nCMDS\\n and zCMDS\\0 are accepted inside IDSESSION. ERROR"
	sayNotRegular  = "Not a regular file ERROR"
	sayNotAFile    = "Not supported file type ERROR"
	sayDenied      = "Access denied. ERROR"
)

// And what it has no words for.
const (
	sayBusy    = "Too many connections. ERROR"
	sayTooLong = "Command too long. ERROR"
	sayNoRoom  = "Too much is being streamed at once. ERROR"
	sayNoHold  = "Cannot hold the stream. ERROR"
)

// outcomes are the ends of the answer's lines for one verdict: one, or with all
// one for each name that was found.
func (r *running) outcomes(v verdict.Verdict, err error, all bool) []string {
	switch {
	case err != nil:
		return []string{"Scan failed: " + plain(err.Error()) + " ERROR"}
	case v.State == verdict.Malicious:
		return found(v.Findings, all)
	case v.State == verdict.Clean, v.State == verdict.Incomplete && r.IncompleteOK:
		return []string{"OK"}
	case v.State == verdict.Incomplete:
		return []string{"Not wholly scanned: " + plain(v.Why) + " ERROR"}
	default:
		return []string{"Scan failed: " + plain(v.Why) + " ERROR"}
	}
}

func found(findings []verdict.Finding, all bool) []string {
	var lines []string
	seen := map[string]bool{}
	for _, f := range findings {
		name := token(f.Name)
		if seen[name] {
			continue
		}
		seen[name] = true
		if lines = append(lines, name+" FOUND"); !all {
			break
		}
	}
	if len(lines) == 0 {
		return []string{"Unnamed FOUND"}
	}
	return lines
}

// token is a name that clients can cut out of a line: printable and in one piece.
func token(name string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f {
			return '_'
		}
		return r
	}, name)
}

// maxWhy is how much of a reason goes into an answer.
const maxWhy = 200

// plain is a reason on one line.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)
	if len(text) > maxWhy {
		text = strings.ToValidUTF8(text[:maxWhy], "")
	}
	return text
}

// pathProblem is what is said of a path that cannot be opened.
func pathProblem(err error) string {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return "File path check failure. ERROR"
	}
	text := errno.Error()
	return fmt.Sprintf("File path check failure: %s. ERROR", strings.ToUpper(text[:1])+text[1:])
}

// openProblem is what is said of a file that was found and cannot be opened.
func openProblem(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return sayDenied
	}
	return pathProblem(err)
}

// shown is a path as it stands in an answer. A newline in it would end a line
// that ends with one, and the rest would pass for an answer of ours.
func shown(path string, term byte) string {
	if term == 0 {
		return path
	}
	return strings.NewReplacer("\n", "?", "\r", "?").Replace(path)
}
