package message

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// file is a mail that can only be read in pieces, as from a spool file, and counts what is read of it.
type file struct {
	io.ReaderAt
	size int64
	read atomic.Int64
}

func (f *file) Size() int64 { return f.size }

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.ReaderAt.ReadAt(p, off)
	f.read.Add(int64(n))
	return n, err
}

func onDisk(b []byte) *file { return &file{ReaderAt: bytes.NewReader(b), size: int64(len(b))} }

// generous is a deadline that only work which grows faster than the mail can miss.
func generous(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func nested(depth int) string {
	var b strings.Builder
	b.WriteString("Subject: deep\r\nFrom: a@example.com\r\n")
	for i := range depth {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	return b.String() + "\r\ninnermost\r\n"
}

func manyParts(n int) string {
	return "Subject: many\r\nFrom: a@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", n) + "--b--\r\n"
}

// Mails that make careless parsers slow, big or fall over.
func TestBounds(t *testing.T) {
	const head = "From: Anna <anna@example.com>\r\nSubject: Hej\r\n"
	tests := []struct {
		name        string
		mail        string
		unparseable bool
		subject     string
		text        string // FullText contains it
	}{
		{"100,000 header lines", strings.Repeat("X-Line: 1\r\n", 100_000) + "\r\nbody", false, "", "body"},
		{"header lines behind the subject", head + strings.Repeat("X-Line: 1\r\n", 100_000) + "\r\nbody", false, "Hej", "body"},
		{"1 MB header line", "X-Long: " + strings.Repeat("a", 1_000_000) + "\r\n" + head + "\r\nbody", false, "Hej", "body"},
		{"1 MB subject", "From: a@example.com\r\nSubject: Hej " + strings.Repeat("å", 500_000) + "\r\n\r\nbody", false, "", "body"},
		{"50 unclosed multiparts", nested(50), true, "deep", "more than 10 deep"},
		{"10 unclosed multiparts", nested(10), false, "deep", "innermost"},
		{"30,000 parts", manyParts(30_000), true, "many", "more than 500 parts"},
		{"499 parts", manyParts(499), false, "many", "x"},
		{"no header", "Bara text\r\noch mer text", false, "", "Bara text\noch mer text"},
		{"empty", "", false, "", ""},
		{"one line end", "\r\n", false, "", ""},
		{"line ends alone", strings.Repeat("\r\n", 1_000_000), false, "", ""},
		{"header only", head, false, "Hej", ""},
		{"header without line end", "Subject: Hej", false, "Hej", ""},
		{"From line of an mbox", "From anna@example.com Mon Jan  5 10:00:00 2026\n" + head + "\nbody", false, "Hej", "body"},
		{"no blank line", head + "body at once\r\nand more", false, "Hej", "body at once\nand more"},
		{"damaged first line", "?? junk\r\n" + head + "\r\nbody", false, "Hej", "body"},
		{"a slip among the fields", "From: a@example.com\r\njunk without a colon\r\nSubject: Hej\r\n\r\nbody", false, "Hej", "body"},
		{"LF alone", strings.ReplaceAll(head, "\r\n", "\n") + "\nfirst\nsecond", false, "Hej", "first\nsecond"},
		{"CR alone", strings.ReplaceAll(head, "\r\n", "\r") + "\rfirst\rsecond", false, "Hej", "first\nsecond"},
		{"NUL", "Subject: H\x00ej\r\n\r\nbo\x00dy\x00", false, "Hej", "body"},
		{"NUL alone", strings.Repeat("\x00", 100_000), false, "", ""},
		{"one line of 4 MB", head + "\r\n" + strings.Repeat("x", 4_000_000), false, "Hej", "xxx"},
		{"boundary that never comes", head + "Content-Type: multipart/mixed; boundary=x\r\n\r\nthe text", false, "Hej", "the text"},
		{"multipart without boundary", head + "Content-Type: multipart/mixed\r\n\r\nthe text", false, "Hej", "the text"},
		{"delimiters alone", head + "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x\r\n--x--\r\n", false, "Hej", ""},
		{"part behind the end", head + "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\none\r\n--x--\r\n\r\n--x\r\n\r\ntwo\r\n--x--\r\n", false, "Hej", "two"},
		{"addresses without end", head + "To: " + strings.Repeat("a@example.com, ", 100_000) + "\r\n\r\nbody", false, "Hej", "body"},
		{"open quotes", head + "To: " + strings.Repeat(`"<(`, 20_000) + "\r\n\r\nbody", false, "Hej", "body"},
		{"open encoded words", "Subject: Hej " + strings.Repeat("=?utf-8?q?", 6_000) + "\r\n\r\nbody", false, "", "body"},
		{"encoded words that never begin", "Subject: Hej " + strings.Repeat("=?a", 20_000) + "?=\r\n\r\nbody", false, "", "body"},
		{"colons behind an address", head + "To: " + strings.Repeat("x", 30_000) + "@" + strings.Repeat(":", 30_000) + "\r\n\r\nbody", false, "Hej", "body"},
		{"open parameters", head + "Content-Type: text/plain; " + strings.Repeat(`a*0="`, 12_000) + "\r\n\r\nbody", false, "Hej", "body"},
		{"nested HTML", head + "Content-Type: text/html\r\n\r\n" + strings.Repeat("<div><blockquote>", 50_000) + "body", false, "Hej", "body"},
		{"unclosed tags", head + "Content-Type: text/html\r\n\r\nbody " + strings.Repeat("<a b='", 100_000), false, "Hej", "body"},
		{"ten million quote marks", head + "\r\nbody\r\n" + strings.Repeat(">", 10_000_000), false, "Hej", "body"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for kind, raw := range map[string]Raw{"memory": InMemory(tt.mail), "file": onDisk([]byte(tt.mail))} {
				c := Parse(generous(t), raw, Limits{Budget: time.Minute})
				checkContent(t, kind, []byte(tt.mail), c)
				if c.Unparseable != tt.unparseable || !strings.Contains(c.FullText, tt.text) {
					t.Errorf("%s: unparseable %v, text %.200q, expected %v with %q; %q", kind, c.Unparseable, c.FullText, tt.unparseable, tt.text, c.Notices)
				}
				if tt.subject != "" && c.Subject != tt.subject {
					t.Errorf("%s: subject %.100q, expected %q", kind, c.Subject, tt.subject)
				}
				if len(c.Subject) > maxSubject || len(c.To) > 200 || len(c.FullText) > 1<<20 {
					t.Errorf("%s: subject of %d bytes, %d recipients, text of %d bytes", kind, len(c.Subject), len(c.To), len(c.FullText))
				}
			}
		})
	}
}

// A line among the header fields that is none is not lost: it stands above the text, folded.
func TestLinesAmongTheFields(t *testing.T) {
	const stray = "k=?utf-8?q?=C3=B6?=ket"
	for _, tt := range []struct{ mail, text, full string }{
		{"Subject: Kran i\r\n" + stray + "\r\nFrom: a@example.com\r\n\r\nDen droppar.", "Den droppar.", "köket\n\nDen droppar."},
		{"Subject: Kran i\r\n" + stray + "\r\nFrom: a@example.com\r\n\r\n", "köket", "köket"},
		{"Subject: Kran i\r\n>From a@example.com Mon\r\nFrom: a@example.com\r\n\r\nDen droppar.", "Den droppar.", "Den droppar."},
		{strings.Repeat("Subject: x\r\nnej\r\n", 100) + "From: a@example.com\r\n\r\nDen droppar.", "Den droppar.", strings.Repeat("nej\n", maxStrays) + "\nDen droppar."},
		{"Content-Type: text/html\r\n" + stray + "\r\nFrom: a@example.com\r\n\r\n<p>Ja.</p><blockquote type=cite>Nej.</blockquote>", "Ja.", "köket\n\nJa.\n\n> Nej."},
	} {
		c := Parse(context.Background(), InMemory(tt.mail), Limits{})
		checkContent(t, "strays", []byte(tt.mail), c)
		if c.Text != tt.text || c.FullText != tt.full {
			t.Errorf("text %q\nfull %q", c.Text, c.FullText)
		}
		checkReply(t, c.FullText, Reply{c.Text, c.Folded})
	}
}

// A mail from a file is read a fixed number of times, whatever is in it, and the two ways of reading agree.
func TestReadsAreLinear(t *testing.T) {
	for _, size := range []int{1 << 20, 8 << 20} {
		raw := photoMail(size)
		f := onDisk(raw)
		c := Parse(generous(t), f, Limits{})
		if got := f.read.Load(); got > 4*int64(len(raw)) {
			t.Errorf("a mail of %d bytes: %d bytes read", len(raw), got)
		}
		if m := Parse(generous(t), InMemory(raw), Limits{}); m.Identity != c.Identity || m.Attachments[0] != c.Attachments[0] {
			t.Errorf("read from memory it is %+v, from a file %+v", m.Attachments, c.Attachments)
		}
	}
}

// photoMail is a mail with a picture of about that size.
func photoMail(size int) []byte {
	var b bytes.Buffer
	b.WriteString("From: Anna Ek <anna@example.com>\r\nTo: felanmalan@arende.example.org\r\nSubject: Kranen droppar\r\nMessage-ID: <photo@example.com>\r\n" +
		"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"photo\"\r\n\r\n--photo\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSe bilden på kranen.\r\n" +
		"--photo\r\nContent-Type: image/jpeg; name=\"IMG_0001.jpg\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"IMG_0001.jpg\"\r\n\r\n")
	line := base64.StdEncoding.EncodeToString(photoLine())
	for n := 0; n < size; n += len(line) + 2 {
		b.WriteString(line + "\r\n")
	}
	b.WriteString("--photo--\r\n")
	return b.Bytes()
}

func photoLine() []byte {
	line := make([]byte, 57)
	for i := range line {
		line[i] = byte(i * 37)
	}
	return line
}

// Memory does not grow with what is attached.
func TestPhotoMail(t *testing.T) {
	raw := onDisk(photoMail(10 << 20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c := Parse(generous(t), raw, Limits{})
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 2<<20 {
		t.Errorf("%d bytes allocated for a mail of %d", used, raw.size)
	}
	if len(c.Attachments) != 1 || c.Text != "Se bilden på kranen." || c.Attachments[0].Name != "IMG_0001.jpg" {
		t.Fatalf("%+v", c)
	}
	a, r, err := OpenAttachment(generous(t), raw, Limits{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	n, err := io.Copy(h, r)
	if err != nil || n != c.Attachments[0].Size || n%57 != 0 || n < 7<<20 || hex.EncodeToString(h.Sum(nil)) != c.Attachments[0].SHA256 || a.Name != "IMG_0001.jpg" {
		t.Errorf("opened %+v: %d bytes, %v; listed %+v", a, n, err, c.Attachments[0])
	}
}

func TestBudget(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := Parse(ctx, InMemory(photoMail(1000)), Limits{})
	if !c.Unparseable || c.Subject != "Kranen droppar" || !strings.Contains(c.FullText, noticeBudget) || c.Identity == [32]byte{} {
		t.Errorf("%+v", c)
	}
}

// broken is a medium that fails at some offset.
type broken struct {
	file
	from int64
}

func (b *broken) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.from {
		return 0, io.ErrClosedPipe
	}
	return b.file.ReadAt(p, off)
}

func TestBrokenMedium(t *testing.T) {
	mail := photoMail(1 << 20)
	for _, from := range []int64{0, 600_000} {
		raw := &broken{file: file{ReaderAt: bytes.NewReader(mail), size: int64(len(mail))}, from: from}
		c := Parse(generous(t), raw, Limits{})
		if !c.Unparseable || c.Identity != [32]byte{} || len(c.Notices) == 0 {
			t.Errorf("from %d: %+v", from, c)
		}
		if _, err := Digest(raw); err == nil {
			t.Error("a digest of what can't be read")
		}
		if _, _, err := OpenAttachment(generous(t), raw, Limits{}, 0); err == nil {
			t.Error("an attachment of what can't be read")
		}
	}
}
