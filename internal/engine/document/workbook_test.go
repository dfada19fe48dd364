package document

import (
	"encoding/binary"
	"strings"
	"testing"

	"vitrine/internal/engine/document/documenttest"
)

func xlsRecord(kind uint16, body string) string {
	return string(binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, kind), uint16(len(body)))) + body
}

func sheetRecord(at uint32, state, kind byte, name string) string {
	return xlsRecord(recordSheet, string(binary.LittleEndian.AppendUint32(nil, at))+string([]byte{state, kind, byte(len(name)), 0})+name)
}

// book is a workbook with one plain sheet and one of macros, whose formula is
// EXEC("calc" & "x"), with numbers, a cell and a jump before it.
func book(at uint32, before string) string {
	tokens := "\x1e\x05\x00\x44\x01\x00\x02\x00\x19\x01\x00\x00\x1f12345678\x17\x04\x00calc\x17\x01\x01x\x00\x08\x42\x01\x6e\x00"
	return xlsRecord(0x809, "\x00\x06\x05\x00") + before + sheetRecord(0, 0, 0, "Sheet1") + sheetRecord(at, 2, 1, "Macro1") + xlsRecord(recordEOF, "") +
		xlsRecord(0x809, "\x00\x06\x40\x00") + xlsRecord(recordFormula, strings.Repeat("\x00", formulaTokens)+tokens) + xlsRecord(recordEOF, "") + xlsRecord(recordFormula, "behind")
}

func TestMacroSheets(t *testing.T) {
	at := uint32(strings.Index(book(0, ""), "\x00\x06\x40\x00") - 4)
	k := take(t, compoundOf(documenttest.Stream{Path: "Workbook", Data: []byte(book(at, ""))}))
	k.wantProblems(t, "workbook")
	if got := k.get(t, "Macro1 (very hidden macro sheet)"); got != "Excel 4 macro sheet Macro1, very hidden\ncalc\nx\n" {
		t.Errorf("got %q", got)
	}
	if len(k.parts) != 2 {
		t.Errorf("got %q", k.parts)
	}
}

func TestMacroSheetsHostile(t *testing.T) {
	k := take(t, compoundOf(documenttest.Stream{Path: "Book", Data: []byte(book(1<<31, ""))}))
	if got := k.get(t, "Macro1 (very hidden macro sheet)"); got != "Excel 4 macro sheet Macro1, very hidden\n" {
		t.Errorf("a sheet outside: %q", got)
	}
	k = take(t, compoundOf(documenttest.Stream{Path: "Workbook", Data: []byte(book(0, xlsRecord(recordPassword, "xx")))}))
	k.wantProblems(t, "locked", "encrypted: the workbook is encrypted")
	many := strings.Repeat(sheetRecord(0, 1, 1, "m"), 100)
	k = take(t, compoundOf(documenttest.Stream{Path: "Workbook", Data: []byte(book(0, many))}))
	k.wantProblems(t, "many", "files: 101 sheets of macros; 64 were looked at")
}

func FuzzWorkbook(f *testing.F) {
	f.Add([]byte(book(60, "")))
	f.Fuzz(func(t *testing.T, data []byte) {
		appendStrings(nil, data)
		take(t, compoundOf(documenttest.Stream{Path: "Workbook", Data: data}))
	})
}
