package child

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode"
)

// lines tells what a child writes. A child may write anything at any speed.
type lines struct {
	tell func(string)
	now  func() time.Time
	from *os.File

	last    []string
	reason  string
	minute  time.Time
	told    int
	dropped int
}

// run reads until the child and whoever has its end of the pipe are gone.
func (l *lines) run() {
	r := bufio.NewReaderSize(l.from, MaxLine)
	for {
		piece, more, err := r.ReadLine()
		if err != nil {
			break
		}
		text := string(piece)
		for more && err == nil {
			_, more, err = r.ReadLine() // the rest of a line that is too long
		}
		l.line(plain(text))
	}
	l.tellDropped()
}

// patience is how long lines are read of a child that has ended: what it has
// started itself might hold the pipe open.
const patience = time.Second

func (l *lines) end(told <-chan struct{}) {
	_ = l.from.SetReadDeadline(time.Now().Add(patience))
	<-told
	l.from.Close()
}

func (l *lines) line(text string) {
	if l.reason == "" && (strings.HasPrefix(text, "panic: ") || strings.HasPrefix(text, "fatal error: ")) {
		l.reason = text
	}
	if l.last = append(l.last, text); len(l.last) > keptLines {
		l.last = l.last[1:]
	}
	if now := l.now(); now.Sub(l.minute) >= time.Minute {
		l.tellDropped()
		l.minute, l.told = now, 0
	}
	if l.told++; l.told > MaxPerMinute {
		l.dropped++
		return
	}
	if l.tell != nil {
		l.tell(text)
	}
}

func (l *lines) tellDropped() {
	if l.dropped > 0 && l.tell != nil {
		l.tell(fmt.Sprintf("(%d lines more than %d a minute were dropped)", l.dropped, MaxPerMinute))
	}
	l.dropped = 0
}

// plain leaves nothing in a line that a terminal would obey.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
}
