package compose

import "reflect"

// What tests look at from outside.
var (
	NewPalette = newPalette
	Contrast   = contrast
)

// FactsType is the type of what templates get.
func FactsType() reflect.Type { return reflect.TypeFor[facts]() }
