package sheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Format is how a sheet is written.
type Format string

// The formats.
const (
	CSV  Format = "csv"  // UTF-8 with a byte order mark and semicolons, as a Swedish Excel opens it
	XLSX Format = "xlsx" // every cell a text but those that are given as numbers
)

// MediaType of the format.
func (f Format) MediaType() string {
	if f == XLSX {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv; charset=utf-8"
}

// Writer writes a sheet row by row. Close writes the rest; it does not close what is below.
type Writer interface {
	Write(cells []string) error
	// WriteValues writes a row of texts (string) and numbers (int, uint64, float64), with nil for an empty cell. A spreadsheet can reckon
	// with the numbers; CSV has them with a decimal comma.
	WriteValues(cells []any) error
	Close() error
}

// NewWriter returns a writer. What an XLSX file holds lies in memory, above some 16 MiB in a temporary file, until it is closed.
func NewWriter(w io.Writer, f Format) (Writer, error) {
	if f == XLSX {
		return newXLSXWriter(w)
	}
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return nil, fmt.Errorf("write sheet: %w", err)
	}
	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = ';', true // RFC 4180 section 2
	return &csvWriter{out: out}, nil
}

type csvWriter struct {
	out   *csv.Writer
	cells []string
}

// Write implements Writer.
func (w *csvWriter) Write(cells []string) error {
	w.cells = w.cells[:0]
	for _, c := range cells {
		w.cells = append(w.cells, harmless(c))
	}
	if err := w.out.Write(w.cells); err != nil {
		return fmt.Errorf("write sheet: %w", err)
	}
	return nil
}

// WriteValues implements Writer.
func (w *csvWriter) WriteValues(cells []any) error {
	texts := make([]string, len(cells))
	for i, c := range cells {
		switch c := c.(type) {
		case nil:
		case float64:
			texts[i] = strings.Replace(strconv.FormatFloat(c, 'f', -1, 64), ".", ",", 1)
		default:
			texts[i] = fmt.Sprint(c)
		}
	}
	return w.Write(texts)
}

// Close implements Writer.
func (w *csvWriter) Close() error {
	w.out.Flush()
	if err := w.out.Error(); err != nil {
		return fmt.Errorf("write sheet: %w", err)
	}
	return nil
}

type xlsxWriter struct {
	to   io.Writer
	file *excelize.File
	rows *excelize.StreamWriter
	row  int
}

func newXLSXWriter(to io.Writer) (*xlsxWriter, error) {
	f := excelize.NewFile()
	rows, err := f.NewStreamWriter(f.GetSheetName(0))
	if err != nil {
		return nil, fmt.Errorf("write sheet: %w", err)
	}
	return &xlsxWriter{to: to, file: f, rows: rows}, nil
}

// Write implements Writer.
func (w *xlsxWriter) Write(cells []string) error {
	values := make([]any, len(cells))
	for i, c := range cells {
		values[i] = c
	}
	return w.WriteValues(values)
}

// WriteValues implements Writer. A cell that is a text is no formula, whatever it begins with; what looks like one made harmless is
// made so once more, since reading takes that away.
func (w *xlsxWriter) WriteValues(cells []any) error {
	w.row++
	values := slices.Clone(cells)
	for i, c := range values {
		if text, ok := c.(string); ok && strings.HasPrefix(text, "'") {
			values[i] = harmless(text)
		}
	}
	if err := w.rows.SetRow(fmt.Sprintf("A%d", w.row), values); err != nil {
		return fmt.Errorf("write sheet: %w", err)
	}
	return nil
}

// Close implements Writer.
func (w *xlsxWriter) Close() error {
	err := w.rows.Flush()
	if err == nil {
		_, err = w.file.WriteTo(w.to)
	}
	if closed := w.file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("write sheet: %w", err)
	}
	return nil
}
