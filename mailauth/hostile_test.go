package mailauth

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"smartmail/fault"
	"smartmail/mailauth/verdict"
)

// TestAltered changes a signed mail in ways that no signature may survive, and in ways that it must.
func TestAltered(t *testing.T) {
	z := exampleZone()
	text := newSigner(t, z).sign(t, []byte(plainMail), signing{domain: "example.com"})
	replace := func(old, new string) []byte { return bytes.Replace(text, []byte(old), []byte(new), 1) }
	lines := strings.Repeat("X: y\r\n", 100_000)
	for _, tt := range []struct {
		label string
		text  []byte
		want  string // DKIM result; empty: no signature read
		dmarc string
	}{
		{"as signed", text, "pass", "pass"},
		{"bare LF throughout", bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), "pass", "pass"},
		{"trace header on top", append([]byte("Received: from x\r\n"), text...), "pass", "pass"},
		{"body changed", replace("Hello.", "Hellx."), "fail", "fail"},
		{"body appended", append(bytes.Clone(text), "More.\r\n"...), "fail", "fail"},
		{"body cut", replace("Hello.\r\n", ""), "fail", "fail"},
		{"subject changed", replace("Subject: Hello", "Subject: Hollo"), "fail", "fail"},
		{"second From on top", append([]byte("From: c@example.com\r\n"), text...), "pass", "permerror"},
		{"l= added", replace("DKIM-Signature: ", "DKIM-Signature: l=8; "), "fail", "fail"},
		{"sha1 claimed", replace("a=rsa-sha256", "a=rsa-sha1"), "permerror", "fail"},
		{"no tags", replace("DKIM-Signature: a=", "DKIM-Signature: nonsense a="), "permerror", "fail"},
		{"too many signed fields", replace("h=", "h="+strings.Repeat("x:", 256)), "permerror", "fail"},
		{"100,000 header lines", append([]byte(lines), text...), "", "permerror"},
		{"a header line of 1 MB", append([]byte("X: "+strings.Repeat("y", 1<<20)+"\r\n"), text...), "", "permerror"},
		{"a field of 1 MB in short lines", append([]byte("X: y\r\n"+strings.Repeat(" y\r\n", 1<<18)), text...), "", "permerror"},
		{"header without end", bytes.SplitAfter(text, []byte("Subject: Hello\r\n"))[0], "fail", "fail"},
		{"cut in a header line", bytes.SplitAfter(text, []byte("Subject: He"))[0], "fail", "fail"},
	} {
		t.Run(tt.label, func(t *testing.T) {
			start := time.Now()
			v, err := New(Options{Resolver: z}).Check(t.Context(), Input{Raw: bytes.NewReader(tt.text)})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if len(v.DKIM) > 0 {
				got = v.DKIM[0].Result
			}
			if got != tt.want || v.DMARC.Result != tt.dmarc {
				t.Errorf("got %q and %q, want %q and %q: %+v", got, v.DMARC.Result, tt.want, tt.dmarc, v)
			}
			if got != "pass" && got != "" && v.DKIM[0].Reason == "" {
				t.Errorf("no reason: %+v", v.DKIM[0])
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestEmptyBodyWithoutSeparator(t *testing.T) {
	z := exampleZone()
	text := newSigner(t, z).sign(t, []byte("From: a@example.com\r\n\r\n"), signing{domain: "example.com"})
	v, err := New(Options{Resolver: z}).Check(t.Context(), Input{Raw: bytes.NewReader(bytes.TrimSuffix(text, []byte("\r\n")))})
	if err != nil || !v.Aligned() {
		t.Errorf("got %+v, %v", v, err)
	}
}

func TestManySignatures(t *testing.T) {
	z := exampleZone()
	s := newSigner(t, z)
	text := []byte(plainMail)
	for range 12 {
		text = s.sign(t, text, signing{domain: "example.com", selector: "ed"})
	}
	v, err := New(Options{Resolver: z}).Check(t.Context(), Input{Raw: bytes.NewReader(text)})
	if err != nil || len(v.DKIM) != 10 {
		t.Fatalf("%d signatures, want 10: %v", len(v.DKIM), err)
	}
	for _, d := range v.DKIM {
		if want := (verdict.DKIM{Result: "pass", Domain: "example.com", Selector: "ed"}); d != want {
			t.Errorf("got %+v", d)
		}
	}
}

// spool is raw mail that fails behind an offset, and counts what is read behind the header.
type spool struct {
	*bytes.Reader
	fails int64
}

var errDisk = errors.New("disk trouble")

func (s spool) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > s.fails {
		return 0, errDisk
	}
	return s.Reader.ReadAt(p, off)
}

func TestUnreadableMail(t *testing.T) {
	z := exampleZone()
	big := plainMail + strings.Repeat("More.\r\n", 100_000)
	text := newSigner(t, z).sign(t, []byte(big), signing{domain: "example.com"})
	c := New(Options{Resolver: z})
	for _, tt := range []struct {
		label string
		raw   spool
		want  error
	}{
		{"header", spool{bytes.NewReader(text), 0}, errDisk},
		{"body", spool{bytes.NewReader(text), maxHeaderBytes + 1}, errDisk},
		{"a body that nobody signed is not read", spool{bytes.NewReader([]byte(big)), maxHeaderBytes + 1}, nil},
	} {
		t.Run(tt.label, func(t *testing.T) {
			v, err := c.Check(t.Context(), Input{Raw: tt.raw})
			if !errors.Is(err, tt.want) || err != nil && !fault.Is(err, fault.Ours) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if v.Aligned() {
				t.Errorf("aligned: %+v", v)
			}
		})
	}
}

// stuck is a resolver that answers to nothing but the context's end.
type stuck struct{ Resolver }

func (stuck) LookupTXT(ctx context.Context, _ string) ([]string, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestTimeBudget(t *testing.T) {
	z := exampleZone()
	text := newSigner(t, z).sign(t, []byte(plainMail), signing{domain: "example.com"})
	c := New(Options{Resolver: stuck{z}, Timeout: 20 * time.Millisecond})
	v, err := c.Check(t.Context(), Input{Client: client, ReversePath: "x@example.com", Raw: bytes.NewReader(text)})
	if !fault.Is(err, fault.Ours) || v.DMARC.Result != verdict.Temperror || v.SPF.Result != verdict.Temperror {
		t.Errorf("got %+v, %v", v, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := mustHeader(t, string(text))
	got := New(Options{Resolver: z}).dkim(ctx, &signed{header: h, raw: bytes.NewReader(text)}, newKeyring(z))
	if len(got) != 1 || got[0].Result != verdict.Temperror {
		t.Errorf("a body that was not read: %+v", got)
	}
}
