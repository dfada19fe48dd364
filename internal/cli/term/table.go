package term

import (
	"io"
	"strings"
)

// Table lines up columns with two spaces between them. Its cells are printed
// as they are: escape foreign bytes before adding them.
type Table struct{ rows [][]string }

// Row adds a row. Rows may differ in length; the last cell is never padded.
func (t *Table) Row(cells ...string) { t.rows = append(t.rows, cells) }

// Print writes the table, each line behind indent.
func (t *Table) Print(w io.Writer, indent string) error {
	widths := t.widths()
	var b strings.Builder
	for _, row := range t.rows {
		b.WriteString(indent)
		for i, cell := range row {
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-Columns(cell)+2))
			}
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *Table) widths() []int {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if i < len(row)-1 {
				widths[i] = max(widths[i], Columns(cell))
			}
		}
	}
	return widths
}
