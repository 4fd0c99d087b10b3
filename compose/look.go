package compose

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // the two kinds that every mail program shows
	_ "image/png"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"smartmail/fault"
	"smartmail/picture"
)

// DefaultColour is that of an organisation that has chosen none.
const DefaultColour = "#1f5f8b"

// Look is how an organisation's mails and pages look.
type Look struct {
	Colour    string // "#1f5f8b"; empty: DefaultColour
	Footer    string // one line under everything; may be empty
	Logo      *Logo  // above everything; nil: the name alone
	Templates string // folder whose files go before the built-in ones of the same name; empty: none
}

// Logo is a picture that comes with every mail.
type Logo struct {
	Type          string // image/png or image/jpeg
	Content       []byte
	Width, Height int // as it is shown, in CSS pixels
}

// Bounds of a logo: it comes with every mail.
const (
	MaxLogoBytes  = 200 << 10
	maxLogoPixels = 2000 // of either side
	logoWidth     = 240  // it is shown no bigger
	logoHeight    = 56
)

// ReadLogo reads a PNG or JPEG file. Errors are of kind fault.Invalid and say what is wrong with it.
func ReadLogo(path string) (*Logo, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.New(fault.Invalid, err.Error())
	}
	defer func() { _ = f.Close() }() // read only
	b, err := io.ReadAll(io.LimitReader(f, MaxLogoBytes+1))
	if err != nil {
		return nil, fault.New(fault.Invalid, err.Error())
	}
	return NewLogo(b)
}

// NewLogo takes a PNG or JPEG. What the file says of where and with what it was made is left out.
func NewLogo(b []byte) (*Logo, error) {
	bad := func(format string, args ...any) (*Logo, error) {
		return nil, fault.New(fault.Invalid, "the logo "+fmt.Sprintf(format, args...))
	}
	kind := picture.KindOf(b)
	switch {
	case len(b) > MaxLogoBytes:
		return bad("has more than %d bytes: every mail carries it", MaxLogoBytes)
	case kind != picture.PNG && kind != picture.JPEG:
		return bad("is neither PNG nor JPEG, which every mail program shows")
	case picture.OrientationOf(b) != picture.Upright:
		return bad("lies on its side: save it upright")
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return bad("cannot be read: %v", err)
	}
	if c.Width < 1 || c.Height < 1 || c.Width > maxLogoPixels || c.Height > maxLogoPixels {
		return bad("has %d x %d pixels: %d each way at most", c.Width, c.Height, maxLogoPixels)
	}
	clean, err := picture.Strip(b)
	if err != nil {
		return bad("cannot be read: %v", err)
	}
	scale := min(1, logoWidth/float64(c.Width), logoHeight/float64(c.Height))
	side := func(n int) int { return max(1, int(math.Round(float64(n)*scale))) }
	return &Logo{Type: string(kind), Content: clean, Width: side(c.Width), Height: side(c.Height)}, nil
}

// Palette is an organisation's colour and those that go with it, whatever it is: a yellow one is no colour for letters on white.
type Palette struct {
	Colour   string // as chosen: of surfaces
	OnColour string // of letters on it
	Ink      string // of letters on white
	InkDark  string // of letters on a dark ground
}

// readable is the least contrast between letters and their ground (WCAG 2.2 criterion 1.4.3).
const readable = 4.5

// Letters are white or black on a colour; they stand on white, or on the ground of the dark mode.
const (
	white      = "#ffffff"
	black      = "#000000"
	darkGround = "#1f262d"
)

// NewPalette takes a colour that Org.Check has found good.
func NewPalette(c string) Palette {
	p := Palette{Colour: strings.ToLower(c), OnColour: white}
	if contrast(p.Colour, white) < contrast(p.Colour, black) {
		p.OnColour = black
	}
	p.Ink, p.InkDark = towards(p.Colour, black, white), towards(p.Colour, white, darkGround)
	return p
}

// towards mixes c with another colour, in steps, until it can be read on the ground.
func towards(c, other, ground string) string {
	for share := 0.0; share < 1; share += 0.05 {
		if m := mix(c, other, share); contrast(m, ground) >= readable {
			return m
		}
	}
	return other
}

func mix(a, b string, share float64) string {
	x, y := rgb(a), rgb(b)
	out := "#"
	for i := range x {
		out += fmt.Sprintf("%02x", int(math.Round(x[i]+(y[i]-x[i])*share)))
	}
	return out
}

func rgb(c string) (out [3]float64) {
	for i := range out {
		n, _ := strconv.ParseUint(c[1+2*i:3+2*i], 16, 8) // colour has looked at it
		out[i] = float64(n)
	}
	return out
}

// contrast of two colours, from 1 to 21 (WCAG 2.2).
func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(c string) float64 {
	v := rgb(c)
	for i := range v {
		if v[i] /= 255; v[i] <= 0.04045 {
			v[i] /= 12.92
		} else {
			v[i] = math.Pow((v[i]+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*v[0] + 0.7152*v[1] + 0.0722*v[2]
}

// colour tells whether s is "#" and six hexadecimal digits.
func colour(s string) bool {
	return len(s) == 7 && s[0] == '#' && strings.Trim(strings.ToLower(s[1:]), "0123456789abcdef") == ""
}
