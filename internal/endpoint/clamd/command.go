package clamd

import (
	"bytes"
	"strings"
)

// maxLine is the longest command in bytes, its end included: a path as long as
// the kernel takes one, and room for the word before it.
const maxLine = 4096 + 32

// line is one command as it came.
type line struct {
	text string
	term byte // that ends it and its answer
	old  bool // without a prefix
}

// cut takes the first command off what was received. used is how many bytes it
// took with its end; 0 means that more is needed. A command without a prefix
// ends with a newline or with what arrived in one piece.
func cut(data []byte) (l line, used int) {
	if len(data) == 0 {
		return line{}, 0
	}
	l.term = '\n'
	switch data[0] {
	case 'z':
		l.term = 0
	case 'n':
	default:
		l.old = true
	}
	end := bytes.IndexByte(data, l.term)
	switch {
	case end < 0 && !l.old:
		return line{}, 0
	case end < 0:
		end, used = len(data), len(data)
	default:
		used = end + 1
	}
	text := data[:end]
	if !l.old {
		text = text[1:]
	}
	if l.term == '\n' {
		text = bytes.TrimRight(text, "\r\n")
	}
	if nul := bytes.IndexByte(text, 0); nul >= 0 {
		text = text[:nul]
	}
	l.text = string(text)
	return l, used
}

// verb is a command's word.
type verb uint8

const (
	unknown verb = iota
	scan
	contScan
	multiScan
	allMatchScan
	shutdown
	reload
	ping
	version
	versionCommands
	stats
	inStream
	filDes
	idSession
	end
)

// word is how a command is written.
type word struct {
	text    string
	verb    verb
	path    bool // it takes a path
	old     bool // it may come without a prefix
	session bool // it may come inside a session
}

// words lists the commands in the order in which VERSIONCOMMANDS names them.
func words() [15]word {
	return [...]word{
		{"SCAN", scan, true, true, true},
		{"QUIT", shutdown, false, true, false},
		{"RELOAD", reload, false, true, false},
		{"PING", ping, false, true, true},
		{"CONTSCAN", contScan, true, true, false},
		{"VERSIONCOMMANDS", versionCommands, false, false, true},
		{"VERSION", version, false, true, true},
		{"END", end, false, false, true},
		{"SHUTDOWN", shutdown, false, true, false},
		{"MULTISCAN", multiScan, true, true, false},
		{"FILDES", filDes, false, true, true},
		{"STATS", stats, false, false, true},
		{"IDSESSION", idSession, false, false, false},
		{"INSTREAM", inStream, false, false, true},
		{"ALLMATCHSCAN", allMatchScan, true, false, false},
	}
}

// command is a command that was understood, or unknown.
type command struct {
	word
	arg string
}

// parse understands a command. Behind a word that takes a path comes one byte,
// whichever, and then the path to its end.
func parse(l line) command {
	for _, w := range words() {
		rest, found := strings.CutPrefix(l.text, w.text)
		if !found {
			continue
		}
		if w.path == (rest == "") || (l.old && !w.old) {
			return command{}
		}
		if w.path {
			rest = rest[1:]
		}
		return command{w, rest}
	}
	return command{}
}
