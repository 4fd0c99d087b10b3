package message

import (
	"context"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

const (
	swedish  = "Det droppar från kranen i köket och på golvet är det blött sedan i lördags."
	russian  = "Кран на кухне капает с субботы и на полу вода, помогите пожалуйста."
	japaneze = "台所の蛇口から水が漏れています。土曜日から床が濡れています。よろしくお願いします。"
	chinese  = "厨房的水龙头从星期六开始漏水，地板上都是水，请尽快派人来修理。"
	corean   = "부엌 수도꼭지에서 토요일부터 물이 새고 있습니다. 빨리 와 주세요."
)

func encoded(t *testing.T, enc encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := enc.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Every text comes out right from every charset that mails of its language are in, declared, not declared and declared
// wrongly.
func TestCharsetsOfLanguages(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		enc        encoding.Encoding
		declared   []string
	}{
		{"UTF-8", swedish, encoding.Nop, []string{"utf-8", "", "iso-8859-1", "us-ascii", "x-unknown", "utf8"}},
		{"Latin-1", swedish, charmap.ISO8859_1, []string{"iso-8859-1", "", "utf-8", "us-ascii", "x-unknown", "unknown-8bit", "windows-1252", "ISO-8859-15", "8859_1"}},
		{"codepage 850", swedish, charmap.CodePage850, []string{"cp850", "ibm850"}},
		{"codepage 437", swedish, charmap.CodePage437, []string{"cp437"}},
		{"Macintosh", swedish, charmap.Macintosh, []string{"macintosh", "x-mac-roman"}},
		{"KOI8-R", russian, charmap.KOI8R, []string{"koi8-r", "", "x-unknown", "utf-8"}},
		{"windows-1251", russian, charmap.Windows1251, []string{"windows-1251", "cp1251", "", "us-ascii"}},
		{"Shift JIS", japaneze, japanese.ShiftJIS, []string{"shift_jis", "sjis", "", "x-unknown"}},
		{"EUC-JP", japaneze, japanese.EUCJP, []string{"euc-jp", ""}},
		{"ISO-2022-JP", japaneze, japanese.ISO2022JP, []string{"iso-2022-jp", "", "x-unknown"}},
		{"GB 18030", chinese, simplifiedchinese.GB18030, []string{"gb18030", "gb2312", "gbk", ""}},
		{"HZ", chinese, simplifiedchinese.HZGB2312, []string{"hz-gb-2312"}},
		{"Big5", "廚房的水龍頭從星期六開始漏水，地板上都是水，請盡快派人來修理。", traditionalchinese.Big5, []string{"big5", ""}},
		{"EUC-KR", corean, korean.EUCKR, []string{"euc-kr", "ks_c_5601-1987", ""}},
	} {
		for _, declared := range tt.declared {
			if got := decodeText(encoded(t, tt.enc, tt.text), declared); got != tt.text {
				t.Errorf("%s declared %q: %q", tt.name, declared, got)
			}
		}
	}
	if got := decodeText([]byte("\x1b$)C\x0e0!3*\x0f abc"), "iso-2022-kr"); got != "가나 abc" {
		t.Errorf("ISO-2022-KR: %q", got)
	}
	if got := decodeText([]byte("K+APY-k +- br+APY-d"), "utf-7"); got != "Kök + bröd" {
		t.Errorf("UTF-7: %q", got)
	}
}

// Few letters tell nothing: they are windows-1252.
func TestShortLatin1(t *testing.T) {
	for _, text := range []string{"Hej då", "åäö", "Kök", "Räkning över året", "Ærø", "ÅÄÖ", "För Åsa"} {
		if got := decodeText(encoded(t, charmap.Windows1252, text), ""); got != text {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// Names in all the ways that programs write them, subjects split inside a character too.
func TestEncodedNames(t *testing.T) {
	const want = "Räkning för köket.pdf"
	for name, field := range map[string]string{
		"RFC 2231":             "filename*=utf-8'sv'R%C3%A4kning%20f%C3%B6r%20k%C3%B6ket.pdf",
		"RFC 2231 in sections": "filename*0*=iso-8859-1''R%E4kning%20f;\r\n filename*1*=%F6r%20k%F6k;\r\n filename*2=et.pdf",
		"split in a character": "filename*0*=utf-8''R%C3;\r\n filename*1*=%A4kning%20f%C3%B6r%20k%C3%B6ket.pdf",
		"RFC 2047":             "filename=\"=?utf-8?B?UsOka25pbmcgZsO2ciBrw7ZrZXQucGRm?=\"",
		"RFC 2047, split":      "filename=\"=?utf-8?Q?R=C3?= =?utf-8?Q?=A4kning_f=C3=B6r_k=C3=B6ket.pdf?=\"",
		"raw UTF-8":            "filename=\"" + want + "\"",
		"raw Latin-1":          "filename=\"R\xe4kning f\xf6r k\xf6ket.pdf\"",
	} {
		mail := "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; " + field + "\r\n\r\nx\r\n--b--\r\n"
		c := Parse(context.Background(), InMemory(mail), Limits{})
		if len(c.Attachments) != 1 || c.Attachments[0].Name != want {
			t.Errorf("%s: %+v", name, c.Attachments)
		}
	}
	for _, subject := range []string{"=?utf-8?Q?K=C3?=\r\n =?utf-8?Q?=B6ket?=", "=?UTF-8?B?S8M=?= =?utf-8?B?tmtldA==?=", "K\xf6ket", "Köket", "=?iso-8859-1?q?K=F6ket?=", "=?x-unknown?q?K=F6ket?="} {
		if c := Parse(context.Background(), InMemory("Subject: "+subject+"\r\n\r\n"), Limits{}); c.Subject != "Köket" {
			t.Errorf("%q: %q", subject, c.Subject)
		}
	}
}
