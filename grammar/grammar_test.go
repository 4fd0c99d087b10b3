package grammar

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func stockholm(t testing.TB) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// mailDate is a Tuesday.
func mailDate(loc *time.Location) time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, loc) }

func trimmed(thousandths int64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%d.%03d", thousandths/1000, thousandths%1000), "0"), ".")
}

func (c Command) text() string {
	s := string(c.Kind)
	switch c.Kind {
	case Decline:
		s += "(" + c.Reason + ")"
	case Booked:
		s += c.From.Format(" 2006-01-02 15:04")
		if !c.To.IsZero() {
			s += c.To.Format("-15:04")
		}
	case Time:
		s += fmt.Sprintf(" %d %s", c.Minutes, c.Who)
	case Material:
		s += " " + trimmed(c.Quantity) + " " + c.Unit + " " + c.Article
	case Travel:
		s += fmt.Sprint(" ", c.Metres)
	}
	if c.Priced {
		s += fmt.Sprintf(" %d.%02d", c.Ore/100, c.Ore%100)
	}
	if c.Note != "" {
		s += " note"
	}
	return strings.Join(strings.Fields(s), " ")
}

// outcomeOf writes an answer as the table has it: commands and flags in the order of the table, commands first.
func outcomeOf(a Answer) (commands, flags string) {
	var cs, fs []string
	for _, c := range a.Commands {
		cs = append(cs, c.text())
	}
	for range a.Rest {
		fs = append(fs, "flag")
	}
	return strings.Join(cs, "; "), strings.Join(fs, "; ")
}

func TestAnswers(t *testing.T) {
	table, err := os.ReadFile("testdata/answers.txt")
	if err != nil {
		t.Fatal(err)
	}
	loc := stockholm(t)
	n := 0
	for i, line := range strings.Split(string(table), "\n") {
		text, want, ok := strings.Cut(line, "=> ")
		if strings.HasPrefix(line, "#") || !ok {
			continue
		}
		n++
		var wantCommands, wantFlags []string
		for _, w := range strings.Split(want, "; ") {
			switch w {
			case "flag":
				wantFlags = append(wantFlags, w)
			case "text":
			default:
				wantCommands = append(wantCommands, w)
			}
		}
		text = strings.TrimSpace(strings.ReplaceAll(text, `\n`, "\n"))
		a := Read(text, mailDate(loc), loc)
		commands, flags := outcomeOf(a)
		if commands != strings.Join(wantCommands, "; ") || flags != strings.Join(wantFlags, "; ") {
			t.Errorf("line %d: %q\n  gives %q %q\n  not   %q", i+1, text, commands, a.Rest, want)
		}
	}
	if n < 150 {
		t.Errorf("only %d answers", n)
	}
}

// A long text costs no more than its length: nothing here takes a second, whatever is repeated.
func TestLongTexts(t *testing.T) {
	loc := stockholm(t)
	for _, piece := range []string{"tid ", "KLAR, ", "material 2 st x ", "1 000 ", "> TID:\n", "bokat 1/12 ", "a,", "a. a ", "x\nà 1 ", "material 1 st x - - ", "tid 1 h ((", "och ", "à 1 ", "nej tack "} {
		start := time.Now()
		a := Read(strings.Repeat(piece, 2*MaxText/len(piece)), mailDate(loc), loc)
		if took := time.Since(start); took > 5*time.Second { // a square would take minutes
			t.Errorf("%q took %v", piece, took)
		}
		if len(a.Rest) == 0 || len(a.Rest) > maxFlagged || len(a.Commands) > maxCommands {
			t.Errorf("%q: %d commands, %d flagged", piece, len(a.Commands), len(a.Rest))
		}
	}
}

func FuzzRead(f *testing.F) {
	table, err := os.ReadFile("testdata/answers.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		text, _, _ := strings.Cut(line, "=> ")
		f.Add(strings.ReplaceAll(text, `\n`, "\n"))
	}
	loc := stockholm(f)
	f.Fuzz(func(t *testing.T, text string) {
		a := Read(text, mailDate(loc), loc)
		if len(a.Commands) > maxCommands || len(a.Rest) > maxFlagged {
			t.Fatalf("%d commands, %d flagged", len(a.Commands), len(a.Rest))
		}
		for _, c := range a.Commands {
			switch {
			case c.Minutes < 0, c.Ore < 0, c.Metres < 0, c.Quantity < 0, len(c.Reason) > maxQuoted, len(c.Note) > maxQuoted, len(c.Article) > maxQuoted,
				c.Kind == Booked && (c.From.IsZero() || !c.To.IsZero() && !c.To.After(c.From)),
				c.Kind == Time && c.Minutes == 0, c.Kind == Price && c.Ore == 0, c.Kind == Material && (c.Quantity == 0 || c.Article == ""):
				t.Fatalf("%q gives %+v", text, c)
			}
		}
	})
}

func TestWithHeadings(t *testing.T) {
	for _, c := range []struct{ text, full, want string }{
		{"KLAR\n2,5 h\n34 km", "> KLAR\nKLAR\n> TID:  h\n2,5 h\n> MATERIAL:\n> RESA:  km\n34 km\n> Hej", "KLAR\n> TID:  h\n2,5 h\n> RESA:  km\n34 km"},
		{"Klart.", "Klart.\n\n> TID:  h\n> RESA:  km\n", "Klart."},
		{"a\n\nb", "a\n\nb\n> TID:\n\nOskar", "a\n\nb"},
		{"not there", "> TID:\nother", "not there"},
		{"", "", ""},
	} {
		if got := WithHeadings(c.text, c.full); got != c.want {
			t.Errorf("%q of %q: %q, want %q", c.text, c.full, got, c.want)
		}
	}
}

// What is put back is headings, and nothing of the text is lost or moved.
func FuzzWithHeadings(f *testing.F) {
	f.Add("KLAR\n2,5 h", "> KLAR\nKLAR\n> TID:  h\n2,5 h")
	f.Add("> TID:\na", "> TID:\na")
	f.Fuzz(func(t *testing.T, text, full string) {
		rest := strings.Split(text, "\n")
		for line := range strings.SplitSeq(WithHeadings(text, full), "\n") {
			if len(rest) > 0 && line == rest[0] {
				rest = rest[1:]
			} else if !strings.HasPrefix(line, ">") {
				t.Fatalf("%q came from nowhere", line)
			}
		}
		if len(rest) > 0 {
			t.Fatalf("%q is lost", rest)
		}
	})
}
