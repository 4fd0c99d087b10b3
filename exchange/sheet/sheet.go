// Package sheet reads and writes the register as sheets: CSV as spreadsheets and rent systems write it, and XLSX.
//
//	bytes → Read (which format, encoding, separator) → rows → Columns (header names to fields) → Line.Apply on a thing
//	thing → Columns.Cells → Writer → CSV or XLSX
//
// Pure: what is in the register already, and what a row refers to, is the caller's matter.
//
// Invariants:
//   - What was written is read again as it was: a line applied to the thing that it was written from changes nothing.
//   - A column that a file does not have changes nothing; an empty cell empties its field.
//   - A row that cannot be read is an error of its own and does not hide the others.
//   - Everything is bounded: bytes unpacked, rows, columns, the length of a cell.
//   - No cell that is written begins as a formula does.
package sheet

import (
	"bytes"
	"fmt"
	"iter"

	"smartmail/fault"
)

// Bounds of a sheet.
const (
	MaxRows    = 500_000
	maxColumns = 256
	maxCell    = 32 << 10 // bytes
)

// Row is a row that has something in it. Its cells are trimmed, and as they were before Harmless.
type Row struct {
	Number int // as an editor or a spreadsheet shows it: the first line or row is 1
	Cells  []string
}

// Cell returns a cell; what lies behind the last one is empty.
func (r Row) Cell(i int) string {
	if i < 0 || i >= len(r.Cells) {
		return ""
	}
	return r.Cells[i]
}

// RowError says that one row cannot be read. The rows after it can.
type RowError struct {
	Row int
	Why string
}

// Error implements error.
func (e *RowError) Error() string { return fmt.Sprintf("row %d: %s", e.Row, e.Why) }

// Read yields the rows of a file: XLSX if it begins as a ZIP archive does, CSV otherwise. A *RowError is about one row; every other
// error ends the sequence and is of kind fault.Invalid or fault.TooBig.
func Read(file []byte) iter.Seq2[Row, error] {
	rows := readCSV(file)
	if bytes.HasPrefix(file, []byte("PK\x03\x04")) {
		rows = readXLSX(file)
	}
	if head := file[:min(len(file), 1024)]; bytes.HasPrefix(head, []byte("--")) && bytes.Contains(bytes.ToLower(head), []byte("\ncontent-disposition: form-data")) {
		rows = func(yield func(Row, error) bool) {
			yield(Row{}, fault.New(fault.Invalid, "this is a form with the file in it: send the file itself as the body"))
		}
	}
	return func(yield func(Row, error) bool) {
		n := 0
		for row, err := range rows {
			if n++; err == nil && n > MaxRows+1 { // and the header
				yield(Row{}, fault.New(fault.TooBig, fmt.Sprintf("the file has more than %d rows", MaxRows)))
				return
			}
			if err == nil {
				err = bounded(row)
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

func bounded(row Row) error {
	if len(row.Cells) > maxColumns {
		return fault.New(fault.TooBig, fmt.Sprintf("row %d has more than %d columns", row.Number, maxColumns))
	}
	for i, c := range row.Cells {
		if len(c) > maxCell {
			return &RowError{row.Number, fmt.Sprintf("column %d is longer than %d bytes", i+1, maxCell)}
		}
	}
	return nil
}

// blank reports whether a row has nothing in it.
func blank(cells []string) bool {
	for _, c := range cells {
		if c != "" {
			return false
		}
	}
	return true
}
