package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"smartmail/fault"
)

// text returns the file as UTF-8. Excel writes "Unicode text" as UTF-16 with a byte order mark, and plain CSV in the code page of
// Windows; other programs write UTF-8 with or without a mark.
func text(file []byte) (io.Reader, bool) {
	r := bytes.NewReader(file)
	switch {
	case bytes.HasPrefix(file, []byte{0xFE, 0xFF}), bytes.HasPrefix(file, []byte{0xFF, 0xFE}):
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(r), true
	case bytes.HasPrefix(file, []byte{0xEF, 0xBB, 0xBF}):
		return bytes.NewReader(file[3:]), true
	case utf8.Valid(file):
		return r, true
	}
	return charmap.Windows1252.NewDecoder().Reader(r), !bytes.ContainsRune(file, 0)
}

// separator returns that of the header line, where none is quoted more than it has to be: the one of ; , and tab that is there most.
// With as many of each, ; counts, then tab: a comma may stand within a name. A file may also say it in a first line "sep=;", which Excel
// writes and reads; then said is the number of bytes of that line.
func separator(head string) (sep rune, said int) {
	line, _, _ := strings.Cut(head, "\n")
	if rest, ok := strings.CutPrefix(strings.TrimRight(line, "\r"), "sep="); ok && len(rest) == 1 && strings.ContainsAny(rest, ";,\t") {
		return rune(rest[0]), len(line) + 1
	}
	count, quoted := map[rune]int{}, false
	for _, r := range line {
		if r == '"' {
			quoted = !quoted
		}
		if !quoted {
			count[r]++
		}
	}
	sep = ';'
	for _, r := range "\t," {
		if count[r] > count[sep] {
			sep = r
		}
	}
	return sep, 0
}

// peek is how much of a file is looked at for its separator, in bytes.
const peek = 64 << 10

func readCSV(file []byte) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		src, ok := text(file)
		if !ok {
			yield(Row{}, fault.New(fault.Invalid, "the file is neither CSV nor XLSX"))
			return
		}
		head := make([]byte, peek)
		n, err := io.ReadFull(src, head)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			yield(Row{}, fault.Wrap(fault.Invalid, "the file cannot be read as text", err))
			return
		}
		sep, said := separator(string(head[:n]))
		said = min(said, n)
		r := csv.NewReader(io.MultiReader(bytes.NewReader(head[said:n]), src))
		r.Comma, r.FieldsPerRecord = sep, -1
		first := 1
		if said > 0 {
			first = 2
		}
		csvRows(r, first, yield)
	}
}

// csvRows yields what the reader reads; first is the number of its first line.
func csvRows(r *csv.Reader, first int, yield func(Row, error) bool) {
	for {
		cells, err := r.Read()
		var bad *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return
		case errors.As(err, &bad):
			why := "a quotation mark stands where none may; a cell with one is quoted, and its own are doubled"
			if !yield(Row{}, &RowError{bad.StartLine + first - 1, why}) {
				return
			}
			continue
		case err != nil:
			yield(Row{}, fault.Wrap(fault.Invalid, "the file cannot be read as text", err))
			return
		}
		line, _ := r.FieldPos(0)
		for i, c := range cells {
			cells[i] = clean(c)
		}
		if !blank(cells) && !yield(Row{line + first - 1, cells}, nil) {
			return
		}
	}
}
