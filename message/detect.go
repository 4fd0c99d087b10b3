package message

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// Text in an alphabet of its own is mostly bytes above ASCII; in the languages that only need some letters of that kind it
// is not, and there guesses are wrong more often than windows-1252.
const (
	fewestHigh = 8
	maxDetect  = 4 << 10
)

const (
	frequentRussian = "оеаинтОЕАИНТ"
	frequentChinese = "的一是不了在人有我他這这中大來来上國国個个到說说們们為为子和你地出道也時时年得就那要下以生會会自著着去之過过家學学對对可她里後后" +
		"小麼么心多天而能好都然沒没日於于起還还發发成事只作當当想看文無无開开手十用主行方又如前所本見见經经頭头面公同三已老從从動动兩两長长請请水"
)

// detect guesses the charset of bytes that are not UTF-8 and of which nothing useful is declared: by what a reader of each
// language would see first. The same bytes always give the same charset.
func detect(b []byte) encoding.Encoding {
	b = b[:min(len(b), maxDetect)]
	high, other := 0, 0
	for _, c := range b {
		if c >= utf8.RuneSelf {
			high++
		} else if c > ' ' {
			other++
		}
	}
	if high < fewestHigh || high < other {
		return charmap.Windows1252
	}
	kana := func(r rune) bool { return r >= 0x3041 && r <= 0x30FF }
	for _, enc := range []encoding.Encoding{japanese.ShiftJIS, japanese.EUCJP} {
		if share(b, enc, kana) > 0.2 {
			return enc
		}
	}
	if share(b, korean.EUCKR, func(r rune) bool { return unicode.Is(unicode.Hangul, r) }) > 0.9 {
		return korean.EUCKR
	}
	if enc := likeliest(b, frequentRussian, 0.3, charmap.KOI8R, charmap.Windows1251, charmap.ISO8859_5); enc != nil {
		return enc
	}
	if enc := likeliest(b, frequentChinese, 0.05, simplifiedchinese.GB18030, traditionalchinese.Big5); enc != nil {
		return enc
	}
	return charmap.Windows1252
}

// likeliest is the charset in which most of the text's letters are frequent ones; nil where in none enough are.
func likeliest(b []byte, frequent string, least float64, list ...encoding.Encoding) (best encoding.Encoding) {
	for _, enc := range list {
		if s := share(b, enc, func(r rune) bool { return strings.ContainsRune(frequent, r) }); s > least {
			best, least = enc, s
		}
	}
	return best
}

// share is how many of the characters outside ASCII are such; 0 where the bytes are no text in that charset. The last
// character may be cut.
func share(b []byte, enc encoding.Encoding, such func(rune) bool) float64 {
	text := convert(b, enc)
	good, bad, all := 0, 0, 0
	for _, r := range text {
		switch {
		case r == utf8.RuneError:
			bad++
		case r >= utf8.RuneSelf:
			all++
			if such(r) {
				good++
			}
		}
	}
	if bad > 1+all/100 || all == 0 {
		return 0
	}
	return float64(good) / float64(all)
}
