package picture

import (
	"bytes"
	"fmt"
	"reflect"
)

var errOverlap = fmt.Errorf("%w: metadata lies where something else does", ErrDamaged)

// stripHEIC blanks the items of a HEIC that are metadata, where they stand: offsets and pixels stay as they are. A HEIC
// says its orientation in a property of the picture (ISO/IEC 23008-12 section 6.5.10), which is not touched. A file in which
// metadata lies where it says what its items are would be another one without it, and is refused.
func stripHEIC(b []byte) ([]byte, error) {
	out, err := blankHEIC(b)
	if err != nil {
		return nil, err
	}
	if again, err := blankHEIC(out); err != nil || !bytes.Equal(again, out) || KindOf(out) != HEIC {
		return nil, errOverlap
	}
	return out, nil
}

func blankHEIC(b []byte) ([]byte, error) {
	out := bytes.Clone(b)
	found := false
	err := walkBoxes(out, func(x box) error {
		switch x.kind {
		case "meta":
			found = true
			return blankMeta(out, x.data)
		case "uuid", "free", "skip", "moov", "mpvd": // XMP in some files; films that carry a position of their own
			clear(x.data)
		}
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("%w: no items", ErrDamaged)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// blankMeta blanks the items that are metadata.
func blankMeta(file, meta []byte) error {
	t, err := readItems(file, meta)
	if err != nil {
		return err
	}
	for _, it := range t.byID {
		if it.kind != itemExif && it.kind != itemMIME && it.kind != itemURI {
			continue
		}
		if !t.located {
			return fmt.Errorf("%w: no locations", ErrDamaged)
		}
		parts, err := t.bytes(it)
		if err != nil {
			return err
		}
		for _, p := range parts {
			clear(p)
		}
	}
	if again, err := readItems(file, meta); err != nil || !reflect.DeepEqual(again.byID, t.byID) {
		return errOverlap
	}
	return nil
}
