package mail

import (
	"bytes"
	"strings"
)

// maxLook is how far into a file the fields of a mail are looked for.
const maxLook = 16 << 10

// sign is what a field says of the file it stands in.
type sign uint8

const (
	unknown sign = iota
	known        // in mails, and elsewhere
	mailOnly
)

func signOf(field string) sign {
	switch field {
	case "from", "received", "return-path", "message-id", "mime-version", "delivered-to", "dkim-signature", "x-mailer":
		return mailOnly
	case "to", "cc", "subject", "date", "sender", "reply-to", "content-type", "content-transfer-encoding",
		"content-disposition", "in-reply-to", "references", "user-agent":
		return known
	}
	return unknown
}

// Identify tells by content alone whether data is a mail or a mailbox: it
// begins with fields, and three of the well-known ones are there. A kind and a
// version of MIME are enough, as web pages saved as one file have no more.
func Identify(data []byte) bool {
	cut := len(data) > maxLook
	data = trimStart(data[:min(len(data), maxLook)])
	if hasFrom(data) {
		_, data = cutLine(data)
	}
	seen, total, strong := map[string]bool{}, 0, 0
	for len(data) > 0 {
		var line []byte
		line, data = cutLine(data)
		if len(line) == 0 || cut && len(data) == 0 {
			break
		}
		if (line[0] == ' ' || line[0] == '\t') && len(seen) > 0 {
			continue
		}
		field, _, ok := splitField(line)
		if !ok {
			return false
		}
		s := signOf(field)
		if seen[field] {
			continue
		}
		seen[field] = true
		if s >= known {
			total++
		}
		if s == mailOnly {
			strong++
		}
	}
	return strong > 0 && (total >= 3 || seen["mime-version"] && seen["content-type"])
}

// trimStart leaves out what may stand before the first field.
func trimStart(data []byte) []byte {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	return bytes.TrimLeft(data, "\r\n")
}

// cutLine gives the first line without its break, and what follows it.
func cutLine(data []byte) (line, rest []byte) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return bytes.TrimSuffix(data[:i], []byte("\r")), data[i+1:]
	}
	return data, nil
}

// maxField is how long the name of a field may be.
const maxField = 128

// splitField gives the name of a field in lower case, and its value.
func splitField(line []byte) (name string, value []byte, ok bool) {
	i := bytes.IndexByte(line[:min(len(line), maxField)], ':')
	if i < 1 {
		return "", nil, false
	}
	raw := bytes.TrimRight(line[:i], " \t")
	for _, c := range raw {
		if c <= ' ' || c > '~' {
			return "", nil, false
		}
	}
	return strings.ToLower(string(raw)), line[i+1:], len(raw) > 0
}

// hasFrom tells whether data begins as a message in a mailbox does.
func hasFrom(data []byte) bool {
	if !bytes.HasPrefix(data, []byte("From ")) {
		return false
	}
	_, rest := cutLine(data)
	field, _ := cutLine(rest[:min(len(rest), maxField)])
	_, _, ok := splitField(field)
	return ok
}

// nextMessage is where the next message of a mailbox begins: behind an empty
// line.
func nextMessage(data []byte) int {
	for from := 0; ; {
		i := bytes.Index(data[from:], []byte("\nFrom "))
		if i < 0 {
			return len(data)
		}
		from += i + 1
		before := data[max(0, from-3) : from-1]
		if (bytes.HasSuffix(before, []byte("\n")) || string(before) == "\n\r") && hasFrom(data[from:]) {
			return from
		}
	}
}
