// Package grammar reads what a supplier answers to a work order: the few words that act, in Swedish and English.
//
//	text → lines (unwrapped, quotes apart) → sentences → clauses → commands, or flagged for a person
//
// A craftsman writes on a phone, on a roof, with autocorrect. So the words may stand in any order, on any line, with free text
// around them and spaces missing. But an answer that is misread costs money, and one that is only flagged costs a glance:
// a command word counts where a clause begins, with its arguments complete, and with nothing beside it that takes it back,
// makes it depend on something, or asks.
//
// Invariants:
//   - Nothing is guessed: an amount, a date or a word that can be read in two ways is flagged and not carried out.
//   - Money is öre, work is minutes, distance is metres, quantities are thousandths: integers, never floats.
//   - Time is linear in the text, of which MaxText bytes are read.
package grammar

import (
	"time"
)

// MaxText is how much of a text is read, in bytes. An answer fits many times; what follows is flagged.
const MaxText = 64 << 10

// Bounds of an Answer.
const (
	maxCommands = 50
	maxFlagged  = 50
	maxQuoted   = 200 // bytes of a flagged piece of text
)

// Kind is what a command does.
type Kind string

// The kinds of commands.
const (
	Accept   Kind = "accept"   // TAR JOBBET, ACCEPT
	Decline  Kind = "decline"  // NEJ TACK <reason>, DECLINE
	Booked   Kind = "booked"   // BOKAT 2026-12-01 08:00-10:00, BOOKED
	Done     Kind = "done"     // KLAR, DONE
	Time     Kind = "time"     // TID 2,5 h [Andersson], TIME
	Material Kind = "material" // MATERIAL 2 st packning à 45 kr
	Travel   Kind = "travel"   // RESA 34 km, TRAVEL
	Price    Kind = "price"    // PRIS 1200 kr, PRICE
)

// Command is one thing that the answer says in the grammar. Which fields hold something depends on Kind.
type Command struct {
	Kind     Kind
	Reason   string    // of Decline; may be empty
	From, To time.Time // of Booked; To is zero where only a beginning was given
	Minutes  int       // of Time
	Who      string    // of Time; may be empty
	Quantity int64     // of Material, in thousandths
	Unit     string    // of Material; may be empty
	Article  string    // of Material
	Ore      int64     // of Price, and of one unit of Material
	Priced   bool      // Ore was given
	Metres   int64     // of Travel
	Note     string    // what else its clause says
}

// Answer is what was understood, and what was not.
type Answer struct {
	Commands []Command
	Rest     []string // pieces that look like commands and were not understood for certain, each cut to 200 bytes
}

// Read reads a text. now is the date of the mail, to which "tomorrow" and dates without a year refer; loc is where its times
// are meant.
func Read(text string, now time.Time, loc *time.Location) Answer {
	r := &reader{now: now.In(loc)}
	cut := len(text) > MaxText
	if cut {
		text = text[:MaxText]
	}
	for _, l := range lines(text) {
		r.line(l)
	}
	if cut {
		r.flag("(the text is too long)")
	}
	r.settle()
	return r.answer
}

// reader collects an answer.
type reader struct {
	now    time.Time
	answer Answer
	from   []string // the words behind each command, to flag it later
}

func (r *reader) flag(s string) {
	if s = clip(s); s != "" && len(r.answer.Rest) < maxFlagged {
		r.answer.Rest = append(r.answer.Rest, s)
	}
}

func (r *reader) add(c Command, words string) {
	if len(r.answer.Commands) >= maxCommands {
		r.flag(words)
		return
	}
	c.Note, c.Reason, c.Article, c.Who = clip(c.Note), clip(c.Reason), clip(c.Article), clip(c.Who)
	for _, had := range r.answer.Commands {
		if had == c && (c.Kind == Accept || c.Kind == Done || c.Kind == Booked || c.Kind == Decline) {
			return // said twice
		}
	}
	r.answer.Commands = append(r.answer.Commands, c)
	r.from = append(r.from, words)
}

// settle flags commands that contradict each other: who declines cannot accept, book or be done in the same breath, and
// two prices for one order are one too many.
func (r *reader) settle() {
	count := map[Kind]int{}
	for _, c := range r.answer.Commands {
		count[c.Kind]++
	}
	against := count[Decline] > 0 && len(r.answer.Commands) > count[Decline]
	var kept []Command
	for i, c := range r.answer.Commands {
		if against || c.Kind == Price && count[Price] > 1 || c.Kind == Decline && count[Decline] > 1 {
			r.flag(r.from[i])
			continue
		}
		kept = append(kept, c)
	}
	r.answer.Commands = kept
}
