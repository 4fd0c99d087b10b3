package casework

import (
	"strings"
	"testing"
)

func TestSMSNumber(t *testing.T) {
	for in, want := range map[string]string{
		"070-174 06 05": "+46701740605", "+46 (0)70 174 06 05": "+46701740605", "0046701740605": "+46701740605", "+47 22 33 44 55": "+4722334455",
		"08/123 456": "+468123456", "": "", "ring mig": "", "1234567890": "", "+0701740605": "", "070": "", "+4612345678901234": "", "070-174 06 05 (Bo)": "", "070‑174 06 05": "+46701740605",
	} {
		if got, ok := SMSNumber(in, "46"); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v; want %q", in, got, ok, want)
		}
	}
}

func TestSMSSegments(t *testing.T) {
	r := strings.Repeat
	for _, x := range []struct {
		text string
		want int
	}{
		{"", 1}, {"Hej åäö ÅÄÖ é @£", 1}, {r("å", 160), 1}, {r("å", 161), 2}, {r("a", 306), 2}, {r("a", 307), 3},
		{r("€", 80), 1}, {r("€", 81), 2}, {r("a", 152) + r("€", 77), 3}, // none is divided
		{"’" + r("a", 69), 1}, {"’" + r("a", 70), 2}, {r("’", 134), 2}, {r("’", 135), 3}, {r("👍", 35), 1}, {r("👍", 36), 2}, {r("👍", 67), 3}, {"\xff", 1},
	} {
		if got := SMSSegments(x.text); got != x.want {
			t.Errorf("%d bytes %.20q: %d, want %d", len(x.text), x.text, got, x.want)
		}
	}
}

func FuzzFitSMS(f *testing.F) {
	for _, s := range []string{"", strings.Repeat("å", 500), strings.Repeat("👍", 300), strings.Repeat("€", 400), "a\r\nb", "\xff\xfe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := FitSMS(s)
		if n := SMSSegments(got); n > MaxSMSSegments || strings.ContainsAny(got, "\r\n") {
			t.Errorf("%q: %d segments", got, n)
		}
		if one := oneLine(s); got != one && (!strings.HasSuffix(got, "...") || !strings.HasPrefix(one, strings.TrimSuffix(got, "..."))) {
			t.Errorf("%q of %q", got, one)
		}
	})
}
