package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/xuri/excelize/v2"

	"smartmail/fault"
)

// Bounds of what an XLSX file, which is a ZIP archive, may unpack to, in bytes. A part over the second lies in a temporary file while
// it is read.
const (
	maxUnpacked = 512 << 20
	maxInMemory = 16 << 20
)

func readXLSX(file []byte) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if err := xlsxRows(file, yield); err != nil {
			yield(Row{}, err)
		}
	}
}

// xlsxRows yields the rows of the first worksheet and returns what ended it.
func xlsxRows(file []byte, yield func(Row, error) bool) (err error) {
	asking := false
	defer func() { // the library trusts that the parts of a file fit together
		if v := recover(); v != nil {
			if asking {
				panic(v)
			}
			err = fault.Wrap(fault.Invalid, "the XLSX file is damaged", fmt.Errorf("panic: %v", v))
		}
	}()
	f, err := excelize.OpenReader(bytes.NewReader(file), excelize.Options{UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxInMemory, RawCellValue: true})
	if err != nil {
		return fault.Wrap(fault.Invalid, fmt.Sprintf("the XLSX file is damaged, protected, or unpacks to more than %d MiB", maxUnpacked>>20), err)
	}
	defer func() { _ = f.Close() }() // read only; removes temporary files
	if err := whole(file); err != nil {
		return err
	}
	names := f.GetSheetList()
	if len(names) == 0 {
		return fault.New(fault.Invalid, "the XLSX file has no worksheet")
	}
	rows, err := f.Rows(names[0])
	if err != nil {
		return fault.Wrap(fault.Invalid, "the worksheet cannot be read", err)
	}
	defer func() { _ = rows.Close() }() // read only
	for n := 1; rows.Next(); n++ {
		cells, err := rows.Columns()
		if err != nil {
			return fault.Wrap(fault.Invalid, fmt.Sprintf("row %d of the worksheet cannot be read", n), err)
		}
		for i, c := range cells {
			cells[i] = clean(c)
		}
		asking = true
		if !blank(cells) && !yield(Row{n, cells}, nil) {
			return nil
		}
		asking = false
	}
	if err := rows.Error(); err != nil {
		return fault.Wrap(fault.Invalid, "the worksheet cannot be read to its end", err)
	}
	return nil
}

// whole finds worksheets that end before they should. The library takes such an end for that of the rows, and what is missing would
// be archived as gone.
func whole(file []byte) error {
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return fault.Wrap(fault.Invalid, "the XLSX file is damaged", err)
	}
	left := int64(maxUnpacked)
	for _, part := range archive.File {
		if !strings.HasPrefix(part.Name, "xl/worksheets/") || !strings.HasSuffix(part.Name, ".xml") {
			continue
		}
		end, n, err := lastBytes(part, left)
		if left -= n; err != nil || !bytes.HasSuffix(bytes.TrimSpace(end), []byte("worksheet>")) {
			return fault.Wrap(fault.Invalid, "the worksheet is cut off", err)
		}
	}
	return nil
}

// lastBytes reads a part to its end, most bytes of it at most, and returns its last ones and how many it has.
func lastBytes(part *zip.File, most int64) (end []byte, n int64, err error) {
	r, err := part.Open()
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	var t tail
	n, err = io.Copy(&t, io.LimitReader(r, most))
	return t.end, n, err
}

// tail keeps the last bytes that are written to it.
type tail struct{ end []byte }

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	const kept = 64
	t.end = append(t.end, p[max(0, len(p)-kept):]...)
	t.end = t.end[max(0, len(t.end)-kept):]
	return len(p), nil
}
