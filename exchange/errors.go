package exchange

import (
	"errors"

	"smartmail/exchange/sheet"
	"smartmail/fault"
)

// badRow is the error where it is about one row.
func badRow(err error) (*sheet.RowError, bool) {
	var bad *sheet.RowError
	return bad, errors.As(err, &bad)
}

// kindOf and public are those of a fault; a row that cannot be read is one of the file where it is the header.
func kindOf(err error) fault.Kind {
	if _, ok := badRow(err); ok {
		return fault.Invalid
	}
	return fault.KindOf(err)
}

func public(err error) string {
	if bad, ok := badRow(err); ok {
		return bad.Why
	}
	return fault.Public(err)
}
