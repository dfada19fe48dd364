package document

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"unicode/utf16"

	"vitrine/internal/engine/document/ole"
	"vitrine/internal/engine/limit"
)

// The records of an Excel 97 workbook that matter (MS-XLS 2.3).
const (
	recordFormula   = 0x0006
	recordEOF       = 0x000a
	recordPassword  = 0x002f
	recordSheet     = 0x0085
	macroSheet      = 1       // the type of a sheet of Excel 4 macros
	maxMacroSheets  = 64      // of one workbook
	maxSheetRecords = 1 << 18 // looked at in one sheet
	formulaTokens   = 22      // where they begin in a formula
)

// sheet is one sheet of a workbook.
type sheet struct {
	name  string
	state byte // 0: shown, 1: hidden, 2: hidden from the user's reach
	at    int64
}

// workbook tells of a password, and writes down the sheets of Excel 4 macros:
// their names, how they are hidden, and the text in their formulas.
func (c *compound) workbook(e *ole.Entry) error {
	sheets, locked := macroSheets(bufio.NewReader(spending{c.file.Reader(e), c.Budget}))
	if err := c.Budget.Check(); err != nil {
		return err
	}
	if locked {
		c.Sink.Problem(limit.Errorf(limit.Encrypted, "the workbook is encrypted"))
		return nil
	}
	if len(sheets) > maxMacroSheets {
		c.Sink.Problem(limit.Errorf(limit.Files, "%d sheets of macros; %d were looked at", len(sheets), maxMacroSheets))
		sheets = sheets[:maxMacroSheets]
	}
	for _, s := range sheets {
		text, err := c.formulas(s, e)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%s (%s macro sheet)", s.name, hidden(s.state))
		if err := c.Sink.Decoded(name, bytes.NewReader(text), int(min(e.Size, int64(c.size)))); err != nil {
			return err
		}
	}
	return nil
}

func hidden(state byte) string {
	return [...]string{"shown", "hidden", "very hidden", "very hidden"}[state&3]
}

// macroSheets reads the list of sheets, up to the end of the first part.
func macroSheets(r *bufio.Reader) (sheets []sheet, locked bool) {
	for range maxSheetRecords {
		kind, body, err := nextRecord(r)
		if err != nil || kind == recordEOF {
			break
		}
		switch {
		case kind == recordPassword:
			return nil, true
		case kind == recordSheet && len(body) >= 8 && body[5] == macroSheet:
			s := sheet{name: shortText(body[6], body[7:]), state: body[4], at: int64(binary.LittleEndian.Uint32(body))}
			sheets = append(sheets, s)
		}
	}
	return sheets, false
}

// nextRecord gives a record; its body is at most 64 KiB.
func nextRecord(r *bufio.Reader) (kind uint16, body []byte, err error) {
	var h [4]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return 0, nil, err
	}
	body = make([]byte, binary.LittleEndian.Uint16(h[2:]))
	_, err = io.ReadFull(r, body)
	return binary.LittleEndian.Uint16(h[:]), body, err
}

// shortText reads a string of n characters behind its flags: one byte for each
// of them, or two.
func shortText(n byte, b []byte) string {
	if len(b) == 0 {
		return ""
	}
	wide, b := b[0]&1 != 0, b[1:]
	units := make([]uint16, 0, n)
	for i := range int(n) {
		switch {
		case !wide && i < len(b):
			units = append(units, uint16(b[i]))
		case wide && 2*i+1 < len(b):
			units = append(units, binary.LittleEndian.Uint16(b[2*i:]))
		}
	}
	return string(utf16.Decode(units))
}

// formulas writes the strings in the formulas of a sheet, a line for each.
func (c *compound) formulas(s sheet, e *ole.Entry) ([]byte, error) {
	out := fmt.Appendf(nil, "Excel 4 macro sheet %s, %s\n", s.name, hidden(s.state))
	stream := c.file.Reader(e)
	if err := c.skip(stream, s.at); err != nil {
		if limit.Final(err) {
			return nil, err
		}
		return out, nil // the list of sheets points outside: its name is all there is
	}
	r := bufio.NewReader(spending{stream, c.Budget})
	for range maxSheetRecords {
		kind, body, err := nextRecord(r)
		if err != nil || kind == recordEOF || len(out) > maxModule {
			break
		}
		if kind == recordFormula && len(body) > formulaTokens {
			out = appendStrings(out, body[formulaTokens:])
		}
	}
	return out, c.Budget.Check()
}

// appendStrings walks the tokens of a formula (MS-XLS 2.5.198) and writes its
// strings, up to a token whose size is not known here.
func appendStrings(out, tokens []byte) []byte {
	for len(tokens) > 0 {
		t := tokens[0]
		tokens = tokens[1:]
		if t == 0x17 && len(tokens) >= 2 {
			n, wide := int(tokens[0]), tokens[1]&1 != 0
			out = append(append(out, shortText(tokens[0], tokens[1:])...), '\n')
			if wide {
				n *= 2
			}
			tokens = tokens[min(2+n, len(tokens)):]
			continue
		}
		size := tokenSize(t, tokens)
		if size < 0 || size > len(tokens) {
			break
		}
		tokens = tokens[size:]
	}
	return out
}

// tokenSize is how many bytes follow a token; negative: not known.
func tokenSize(t byte, rest []byte) int {
	if t >= 0x60 {
		t -= 0x20 // the three classes of an operand have the same size
	}
	if t >= 0x40 {
		t -= 0x20
	}
	switch {
	case t >= 0x03 && t <= 0x16:
		return 0
	case t == 0x1c, t == 0x1d:
		return 1
	case t == 0x1e, t == 0x21, t == 0x29:
		return 2
	case t == 0x19 && len(rest) >= 3 && rest[0]&4 != 0: // a table of jumps
		return 3 + 2*(int(binary.LittleEndian.Uint16(rest[1:]))+1)
	case t == 0x19, t == 0x22:
		return 3
	case t == 0x01, t == 0x02, t == 0x23, t == 0x24, t == 0x2a, t == 0x2c:
		return 4
	case t >= 0x26 && t <= 0x28, t == 0x39, t == 0x3a, t == 0x3c:
		return 6
	case t == 0x20:
		return 7
	case t == 0x1f, t == 0x25, t == 0x2b, t == 0x2d:
		return 8
	case t == 0x3b, t == 0x3d:
		return 10
	}
	return -1
}
