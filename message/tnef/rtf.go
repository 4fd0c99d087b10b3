package tnef

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// dictionary is what a compressed RTF stream may refer to from its start ([MS-OXRTFCP] section 2.1.2.1).
const dictionary = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier" +
	"{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

// Decompress unpacks compressed RTF ([MS-OXRTFCP]), at most limit bytes of it.
func Decompress(b []byte, limit int) ([]byte, error) {
	if len(b) < 16 {
		return nil, fmt.Errorf("%w: RTF of %d bytes", ErrFormat, len(b))
	}
	kind, data := binary.LittleEndian.Uint32(b[8:]), b[16:]
	switch kind {
	case 0x414C454D: // MELA: not compressed
		return data[:min(len(data), limit)], nil
	case 0x75465A4C: // LZFu
	default:
		return nil, fmt.Errorf("%w: RTF compression %x", ErrFormat, kind)
	}
	var window [4096]byte
	at := copy(window[:], dictionary)
	var out []byte
	put := func(c byte) {
		out = append(out, c)
		window[at] = c
		at = (at + 1) % len(window)
	}
	for len(data) > 0 && len(out) < limit {
		control := data[0]
		data = data[1:]
		for bit := 0; bit < 8 && len(out) < limit; bit++ {
			if control>>bit&1 == 0 {
				if len(data) < 1 {
					return out, nil
				}
				put(data[0])
				data = data[1:]
				continue
			}
			if len(data) < 2 {
				return out, nil
			}
			ref := int(data[0])<<8 | int(data[1])
			data = data[2:]
			from, n := ref>>4, ref&15+2
			if from == at {
				return out, nil // the end mark
			}
			for range n {
				put(window[from])
				from = (from + 1) % len(window)
			}
		}
	}
	return out[:min(len(out), limit)], nil
}

// RTFText is the text of an RTF document, without its formatting, tables of fonts and pictures. Of HTML wrapped in RTF
// ([MS-OXRTFEX]) it is the text as well.
func RTFText(rtf []byte) string {
	t := rtfText{s: rtf, codepage: 1252, state: rtfState{skipBytes: 1}}
	t.run()
	return strings.TrimSpace(strings.ToValidUTF8(t.out.String(), "\uFFFD"))
}

// maxGroups bounds groups within groups.
const maxGroups = 1000

type rtfState struct {
	hidden    bool // in a destination that is no text
	skipBytes int  // characters that follow a \u for old readers
}

type rtfText struct {
	s        []byte
	i        int
	out      strings.Builder
	state    rtfState
	stack    []rtfState
	raw      []byte // bytes of the codepage, not yet decoded
	codepage int
	skip     int // characters still to be passed over
	first    bool
}

func (t *rtfText) run() {
	for t.i < len(t.s) {
		c := t.s[t.i]
		t.i++
		switch c {
		case '{':
			if len(t.stack) >= maxGroups {
				return
			}
			t.stack = append(t.stack, t.state)
			t.first = true
			continue
		case '}':
			if n := len(t.stack); n > 0 {
				t.state, t.stack = t.stack[n-1], t.stack[:n-1]
			}
			t.skip = 0
		case '\\':
			t.control()
			continue
		case '\r', '\n', 0:
			continue
		default:
			t.char(c)
		}
		t.first = false
	}
	t.flush()
}

// char takes one byte of text.
func (t *rtfText) char(c byte) {
	switch {
	case t.skip > 0:
		t.skip--
	case !t.state.hidden:
		t.raw = append(t.raw, c)
	}
}

func (t *rtfText) flush() {
	if len(t.raw) > 0 {
		b, err := codepage(t.codepage).NewDecoder().Bytes(t.raw)
		if err == nil {
			t.out.Write(b)
		}
		t.raw = t.raw[:0]
	}
}

func (t *rtfText) write(s string) {
	if !t.state.hidden {
		t.flush()
		t.out.WriteString(s)
	}
}

// control takes a control word or symbol behind its backslash.
func (t *rtfText) control() {
	if t.i >= len(t.s) {
		return
	}
	c := t.s[t.i]
	first := t.first
	t.first = false
	if c < 'a' || c > 'z' {
		t.i++
		t.symbol(c, first)
		return
	}
	start := t.i
	for t.i < len(t.s) && t.s[t.i] >= 'a' && t.s[t.i] <= 'z' {
		t.i++
	}
	word := string(t.s[start:t.i])
	start = t.i
	if t.i < len(t.s) && t.s[t.i] == '-' {
		t.i++
	}
	for t.i < len(t.s) && t.s[t.i] >= '0' && t.s[t.i] <= '9' && t.i-start < 10 {
		t.i++
	}
	n, err := strconv.Atoi(string(t.s[start:t.i]))
	if t.i < len(t.s) && t.s[t.i] == ' ' {
		t.i++
	}
	t.word(word, n, err == nil)
}

func (t *rtfText) symbol(c byte, first bool) {
	switch c {
	case '\\', '{', '}':
		t.char(c)
	case '~':
		t.write("\u00A0")
	case '_':
		t.write("-")
	case '\r', '\n':
		t.write("\n")
	case '*':
		if first {
			t.state.hidden = true // a destination that readers may pass over
		}
	case '\'':
		if t.i+2 <= len(t.s) {
			if n, err := strconv.ParseUint(string(t.s[t.i:t.i+2]), 16, 8); err == nil {
				t.i += 2
				t.char(byte(n))
			}
		}
	}
}

func (t *rtfText) word(word string, n int, number bool) {
	switch word {
	case "par", "line", "row", "sect", "page":
		t.write("\n")
	case "tab", "cell":
		t.write("\t")
	case "ansicpg":
		t.flush()
		t.codepage = n
	case "uc":
		t.state.skipBytes = min(max(n, 0), 20)
	case "u":
		if n < 0 {
			n += 1 << 16
		}
		t.write(string(rune(n)))
		t.skip = t.state.skipBytes
	case "htmlrtf": // formatting for those who can't read the HTML; the text stands outside it
		t.state.hidden = !number || n != 0
	case "fonttbl", "colortbl", "stylesheet", "info", "pict", "header", "footer", "object", "themedata", "generator", "listtable":
		t.state.hidden = true
	case "emdash":
		t.write("—")
	case "endash":
		t.write("–")
	case "lquote", "rquote":
		t.write("'")
	case "ldblquote", "rdblquote":
		t.write(`"`)
	case "bullet":
		t.write("•")
	}
}
