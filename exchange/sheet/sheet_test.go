package sheet_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"smartmail/exchange/sheet"
	"smartmail/fault"
)

// read collects rows and the errors about rows; the last error is that of the file.
func read(file []byte) (rows []sheet.Row, bad []*sheet.RowError, err error) {
	for row, e := range sheet.Read(file) {
		var one *sheet.RowError
		switch {
		case errors.As(e, &one):
			bad = append(bad, one)
		case e != nil:
			return rows, bad, e
		default:
			rows = append(rows, row)
		}
	}
	return rows, bad, nil
}

// The same table, however a program writes it.
func TestReadCSV(t *testing.T) {
	want := []sheet.Row{{Number: 1, Cells: []string{"namn", "ort"}}, {Number: 3, Cells: []string{"Åsa; Öberg", "Malmö, \"centrum\""}}}
	table := func(sep string) string {
		return "namn" + sep + "ort\r\n\r\n\"Åsa; Öberg\"" + sep + "\"Malmö, \"\"centrum\"\"\"\r\n"
	}
	ansi, err := charmap.Windows1252.NewEncoder().String(table(";"))
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(table("\t"))
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"semicolons":         table(";"),
		"commas":             table(","),
		"tabs":               table("\t"),
		"LF":                 strings.ReplaceAll(table(";"), "\r", ""),
		"no end of line":     strings.TrimRight(table(";"), "\r\n"),
		"byte order mark":    "\uFEFF" + table(";"),
		"Windows":            ansi,
		"Unicode of Windows": utf16,
	} {
		rows, bad, err := read([]byte(file))
		if err != nil || len(bad) > 0 || !reflect.DeepEqual(rows, want) {
			t.Errorf("%s: %+v, %v, %v", name, rows, bad, err)
		}
	}
	rows, _, err := read([]byte("sep=,\na,b;c;d\n"))
	if err != nil || len(rows) != 1 || rows[0].Number != 2 || len(rows[0].Cells) != 2 {
		t.Errorf("a named separator: %+v, %v", rows, err)
	}
}

// A row that cannot be read is told, and the others are read.
func TestBadRows(t *testing.T) {
	rows, bad, err := read([]byte("a;b\n1;\"x\"y\n2;z\n" + strings.Repeat("å", 20_000) + ";1\n3;z\n"))
	if err != nil || len(rows) != 3 || len(bad) != 2 || bad[0].Row != 2 || bad[1].Row != 4 {
		t.Errorf("%d rows, %v, %v", len(rows), bad, err)
	}
	for name, c := range map[string]struct {
		file string
		kind fault.Kind
	}{
		"no text":          {"a;b\n\x00\xff\n", fault.Invalid},
		"too many columns": {strings.Repeat("a;", 300) + "\n", fault.TooBig},
		"too many rows":    {"a\n" + strings.Repeat("1\n", sheet.MaxRows+1), fault.TooBig},
		"no archive":       {"PK\x03\x04 and no more", fault.Invalid},
	} {
		if _, _, err := read([]byte(c.file)); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if rows, _, err := read(nil); len(rows) != 0 || err != nil {
		t.Errorf("nothing: %v, %v", rows, err)
	}
}

// workbook is an XLSX file whose worksheet has this as its data.
func workbook(t testing.TB, data []byte) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	const head, main = `<?xml version="1.0" encoding="UTF-8"?>`, "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	const rels = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	for name, text := range map[string]string{
		"[Content_Types].xml":        head + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>`,
		"_rels/.rels":                head + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="` + rels + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            head + `<workbook xmlns="` + main + `" xmlns:r="` + rels + `"><sheets><sheet name="Blad1" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": head + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="` + rels + `/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/sharedStrings.xml":       head + `<sst xmlns="` + main + `"><si><t>namn</t></si><si><r><t>Åsa </t></r><r><t>Öberg</t></r></si></sst>`,
		"xl/worksheets/sheet1.xml":   head + `<worksheet xmlns="` + main + `"><sheetData>` + string(data) + `</sheetData></worksheet>`,
	} {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadXLSX(t *testing.T) {
	rows, bad, err := read(workbook(t, []byte(`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="inlineStr"><is><t>från</t></is></c></row>`+
		`<row r="4"><c r="A4" t="s"><v>1</v></c><c r="B4" t="b"><v>1</v></c><c r="C4"><v>45987</v></c></row>`)))
	want := []sheet.Row{{Number: 1, Cells: []string{"namn", "", "från"}}, {Number: 4, Cells: []string{"Åsa Öberg", "1", "45987"}}}
	if err != nil || len(bad) > 0 || !reflect.DeepEqual(rows, want) {
		t.Errorf("%+v, %v, %v", rows, bad, err)
	}
	if _, _, err := read(workbook(t, []byte(`<row r="1"><c r="XFD1"><v>1</v></c></row>`))); !fault.Is(err, fault.TooBig) {
		t.Errorf("a cell far to the right: %v", err)
	}
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	if _, err := z.CreateRaw(&zip.FileHeader{Name: "xl/worksheets/sheet1.xml", Method: zip.Deflate, UncompressedSize64: 1 << 30}); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := read(bomb.Bytes()); !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Public(err), "512 MiB") {
		t.Errorf("a gigabyte in %d bytes: %v", bomb.Len(), err)
	}
}

// Both formats give back what was written, and neither has a cell that is a formula.
func TestWrite(t *testing.T) {
	cells := []string{"=1+1", "+46 70 000 00 00", "-5", "@SUM(A1)", "'=x", "''@y", "'s-Hertogenbosch", "plain", "Åsa; \"Öberg\"", "rad\nrad", "", "007"}
	for _, f := range []sheet.Format{sheet.CSV, sheet.XLSX} {
		var b bytes.Buffer
		w, err := sheet.NewWriter(&b, f)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := w.Write(cells); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		rows, bad, err := read(b.Bytes())
		if err != nil || len(bad) > 0 || len(rows) != 2 || !reflect.DeepEqual(rows[1].Cells, cells) {
			t.Errorf("%s: %+v, %v, %v", f, rows, bad, err)
		}
		if f == sheet.CSV {
			if found := regexp.MustCompile(`[;\n\x{FEFF}]"?[=+@-].*`).FindString(b.String()); found != "" {
				t.Errorf("a formula: %q", found)
			}
			continue
		}
		file, err := excelize.OpenReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		if formula, err := file.GetCellFormula("Sheet1", "A1"); formula != "" || err != nil {
			t.Errorf("a formula: %q, %v", formula, err)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	for _, seed := range []string{"namn;ort\nÅsa;Malmö\n", "sep=,\na,\"b\nc\"\n", "\xef\xbb\xbfa\tb\n'=1\t'x\n", "\xff\xfea\x00;\x00b\x00\n\x00", "a;\"b\n", "n\xe5mn;x\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if bytes.HasPrefix(file, []byte("PK")) {
			return // the other target's
		}
		again(t, file)
	})
}

func FuzzReadXLSX(f *testing.F) {
	for _, seed := range []string{
		`<row r="1"><c r="A1" t="s"><v>0</v></c></row>`, `<row><c t="inlineStr"><is><t>x</t></is></c></row>`, `<row r="3"><c r="B3" s="1"><v>1.5</v></c><c r="A3" t="s"><v>9</v></c></row>`,
		`<row r="1048577"/>`, `<row r="1"><c r="A1"><f>1+1</f><v>2</v></c></row>`, `<row r="-1"><c r="ZZZ0" t="e"><v>#REF!</v></c></row>`, `<c/><row r="2"><row r="1"/></row>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) { again(t, workbook(t, data)) })
}

// again checks that what is read of a file can be written and is read again as it was.
func again(t *testing.T, file []byte) {
	rows, _, err := read(file)
	if err != nil && !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.TooBig) {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := sheet.NewWriter(&b, sheet.CSV)
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range append([][]string{{"two", "columns"}}, cellsOf(rows)...) {
		if err := w.Write(cells); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	back, bad, err := read(b.Bytes())
	if err != nil || len(bad) > 0 || len(back) != 1+len(rows) {
		t.Fatalf("%d rows were %d: %v, %v", len(back)-1, len(rows), bad, err)
	}
	for i, row := range rows {
		for j, c := range row.Cells {
			if got := back[i+1].Cell(j); got != c {
				t.Fatalf("%q was %q", got, c)
			}
		}
	}
}

func cellsOf(rows []sheet.Row) (cells [][]string) {
	for _, row := range rows {
		cells = append(cells, row.Cells)
	}
	return cells
}

// A worksheet that ends before it should is refused: what is missing from it would be archived as gone.
func TestCutOffWorksheet(t *testing.T) {
	whole := workbook(t, []byte(`<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2"><v>45987</v></c></row>`))
	from, err := zip.NewReader(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	var cut bytes.Buffer
	to := zip.NewWriter(&cut)
	for _, part := range from.File {
		r, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		w, err := to.Create(part.Name)
		if err == nil {
			text, _, _ = bytes.Cut(text, []byte(`<row r="2">`))
			_, err = w.Write(text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	if rows, _, err := read(whole); len(rows) != 2 || err != nil {
		t.Errorf("whole: %v %v", rows, err)
	}
	if rows, _, err := read(cut.Bytes()); !fault.Is(err, fault.Invalid) {
		t.Errorf("cut off: %v %v", rows, err)
	}
}
