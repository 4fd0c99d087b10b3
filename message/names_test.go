package message

import (
	"context"
	"strings"
	"testing"
)

func TestAttachmentNames(t *testing.T) {
	tests := []struct{ name, disposition, ctype, want string }{
		{"plain", `attachment; filename="rapport.pdf"`, "application/pdf", "rapport.pdf"},
		{"unquoted with spaces", `attachment; filename=min rapport.pdf`, "application/pdf", "min rapport.pdf"},
		{"in the type alone", "attachment", `application/pdf; name="från.pdf"`, "från.pdf"},
		{"RFC 2231", `attachment; filename*=utf-8'sv'r%C3%A4k%20smör.pdf`, "application/pdf", "räk smör.pdf"},
		{"RFC 2231 in Latin-1", `attachment; filename*=iso-8859-1''r%E4k.pdf`, "application/pdf", "räk.pdf"},
		{"RFC 2231 in sections, out of order", `attachment; filename*1*=%A4k; filename*0*=utf-8''r%C3; filename*2=".pdf"`, "application/pdf", "räk.pdf"},
		{"RFC 2231 wins", `attachment; filename="r?k.pdf"; filename*=utf-8''r%C3%A4k.pdf`, "application/pdf", "räk.pdf"},
		{"RFC 2047", `attachment; filename="=?iso-8859-1?Q?r=E4k=2Epdf?="`, "application/pdf", "räk.pdf"},
		{"RFC 2047 in two words", `attachment; filename="=?utf-8?Q?r=C3?= =?utf-8?Q?=A4k.pdf?="`, "application/pdf", "räk.pdf"},
		{"raw UTF-8", `attachment; filename="räk.pdf"`, "application/pdf", "räk.pdf"},
		{"raw Latin-1", "attachment; filename=\"r\xe4k.pdf\"", "application/pdf", "räk.pdf"},
		{"decomposed", "attachment; filename=\"ra\u0308k.pdf\"", "application/pdf", "räk.pdf"},
		{"quotes inside", `attachment; filename="den "stora" bilden.jpg"`, "image/jpeg", `den "stora" bilden.jpg`},
		{"escaped quote", `attachment; filename="a\"b.jpg"`, "image/jpeg", `a"b.jpg`},
		{"unclosed quote", `attachment; filename="rapport.pdf`, "application/pdf", "rapport.pdf"},
		{"missing semicolon", `attachment; filename="a.pdf" size=12`, "application/pdf", "a.pdf"},
		{"Unix path", `attachment; filename="../../etc/passwd"`, "text/plain", "passwd"},
		{"Windows path", `attachment; filename="C:\\temp\\a.pdf"`, "application/pdf", "a.pdf"},
		{"encoded path", `attachment; filename*=utf-8''..%2F..%2Fa.pdf`, "application/pdf", "a.pdf"},
		{"dots alone", `attachment; filename=".."`, "application/pdf", "attachment-1.pdf"},
		{"dots in front", `attachment; filename="..a.pdf"`, "application/pdf", ".a.pdf"},
		{"slash at the end", `attachment; filename="map/"`, "image/png", "attachment-1.png"},
		{"NUL and controls", "attachment; filename=\"a\x00b\x07c\x7f.pdf\"", "application/pdf", "abc.pdf"},
		{"direction override", "attachment; filename=\"bild\u202egpj.exe\"", "image/jpeg", "bildgpj.exe"},
		{"none", "attachment", "image/heic", "attachment-1.heic"},
		{"none, unknown type", "attachment", "application/x-own", "attachment-1.bin"},
		{"long", `attachment; filename="` + strings.Repeat("å", 300) + `.pdf"`, "application/pdf", strings.Repeat("å", 98) + ".pdf"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			mail := "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: " + tt.ctype + "\r\nContent-Disposition: " + tt.disposition + "\r\n\r\nx\r\n--b--\r\n"
			c := Parse(context.Background(), InMemory(mail), Limits{})
			checkContent(t, tt.name, []byte(mail), c)
			if len(c.Attachments) != 1 || c.Attachments[0].Name != tt.want {
				t.Errorf("%+v, expected %q", c.Attachments, tt.want)
			}
		})
	}
}

func TestCharsets(t *testing.T) {
	tests := []struct{ name, declared, bytes, want string }{
		{"UTF-8", "utf-8", "räk", "räk"},
		{"UTF-8 with a mark", "utf-8", "\xef\xbb\xbfräk", "räk"},
		{"UTF-8 undeclared", "", "räk", "räk"},
		{"UTF-8 declared as ASCII", "us-ascii", "räk", "räk"},
		{"UTF-8 declared as Latin-1", "iso-8859-1", "räksmörgås", "räksmörgås"},
		{"UTF-8 declared as GBK", "gb2312", "这是中文", "这是中文"},
		{"GBK that is valid UTF-8", "gb2312", "\xc4\xa3", "模"},
		{"GBK", "gb2312", "\xd6\xd0\xce\xc4", "中文"},
		{"Latin-1", "iso-8859-1", "r\xe4k", "räk"},
		{"Latin-1 undeclared", "", "r\xe4k", "räk"},
		{"Latin-1 declared as UTF-8", "utf-8", "r\xe4k", "räk"},
		{"windows-1252 declared as Latin-1", "iso-8859-1", "100 \x80", "100 €"},
		{"Latin-9", "iso-8859-15", "100 \xa4", "100 €"},
		{"unknown name", "x-mac-own", "r\xe4k", "räk"},
		{"name with noise", `"charset=iso-8859-1"`, "r\xe4k", "räk"},
		{"cp850", "cp850", "r\x84k", "räk"},
		{"cp1252", "cp1252", "r\xe4k", "räk"},
		{"KOI8-R", "koi8-r", "\xf0\xf2\xf7", "ПРВ"},
		{"ISO-2022-JP", "iso-2022-jp", "\x1b$B$3$s\x1b(B", "こん"},
		{"UTF-16", "utf-16le", "r\x00\xe4\x00", "rä"},
		{"UTF-7", "utf-7", "r+AOQ-k", "räk"},
		{"UTF-8 cut short", "utf-8", "räksmörgås på äng\xc3", "räksmörgås på äng\uFFFD"},
		{"NUL", "utf-8", "r\x00ä", "rä"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := decodeText([]byte(tt.bytes), tt.declared); got != tt.want {
				t.Errorf("%q, expected %q", got, tt.want)
			}
		})
	}
}

func TestSubjects(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{"plain", "Hej", "Hej"},
		{"Q", "=?iso-8859-1?q?r=E4k_sm=F6r?=", "räk smör"},
		{"B", "=?utf-8?B?csOkaw==?=", "räk"},
		{"B without padding", "=?utf-8?B?csOkaw?=", "räk"},
		{"a character split between words", "=?utf-8?B?csM=?= =?utf-8?B?pGs=?=", "räk"},
		{"split between words of both kinds", "=?utf-8?Q?r=C3?= =?UTF-8?B?pGs=?=", "räk"},
		{"words with text between", "=?utf-8?q?=C3=A5?= och =?utf-8?q?=C3=A4?=", "å och ä"},
		{"words without a space", "=?utf-8?q?=C3=A5?==?utf-8?q?=C3=A4?=", "åä"},
		{"language", "=?utf-8*sv?q?=C3=A5?=", "å"},
		{"spaces inside", "=?utf-8?Q?r=C3=A4k och bröd?=", "räk och bröd"},
		{"folded", "=?utf-8?q?=C3=A5?=\r\n =?utf-8?q?=C3=A4?=", "åä"},
		{"raw UTF-8", "räk", "räk"},
		{"raw Latin-1", "r\xe4k", "räk"},
		{"unknown charset", "=?own?q?r=E4k?=", "räk"},
		{"unknown encoding", "=?utf-8?x?abc?=", "=?utf-8?x?abc?="},
		{"not closed", "=?utf-8?q?abc", "=?utf-8?q?abc"},
		{"question mark before a code", "=?utf-8?q?Va=3F=21?=", "Va?!"},
		{"line end inside", "=?utf-8?q?a=0D=0ABcc:_x?=", "a  Bcc: x"},
		{"direction override", "a\u202eb", "ab"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Parse(context.Background(), InMemory("Subject: "+tt.value+"\r\n\r\n"), Limits{})
			if c.Subject != tt.want {
				t.Errorf("%q, expected %q", c.Subject, tt.want)
			}
		})
	}
}
