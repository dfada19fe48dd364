package term

import "io"

// Line is one line of a terminal that is drawn over and over. Whoever writes
// anything else to the same terminal calls Clear first. It belongs to one
// goroutine.
type Line struct {
	W     io.Writer
	drawn bool
}

// Show draws text, which must be at most one column shorter than the terminal
// is wide and hold nothing but printable characters.
func (l *Line) Show(text string) {
	io.WriteString(l.W, "\r"+text+"\x1b[K")
	l.drawn = true
}

// Clear takes the line away, if there is one.
func (l *Line) Clear() {
	if l.drawn {
		io.WriteString(l.W, "\r\x1b[K")
		l.drawn = false
	}
}
