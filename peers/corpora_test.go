package peers

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"smartmail/message"
)

const corporaDir = "../../shared/corpora"

// Sets of files that are no mails, and sets whose files are bodies without a header. Everything else is mail.
var (
	noMails = []string{"dmarc-vectors", "en16931", "paxml4j", "sie-jsisie", "sie-sie4j", "smtp-smuggling", "spf-rfc7208", "spf-stalwart"}
	bodies  = []string{"crisp-reply-parser", "discourse-reply-trimmer", "github-reply-parser", "mail-parser-reply", "willdurand-reply-parser"}
)

// specimen is a mail of a corpus, in one of the forms in which it is sent.
type specimen struct {
	set, file string
	letter
	told answer
}

// specimens reads the corpora, or the tree's own mails where there are none.
func specimens(t *testing.T) (out []*specimen) {
	t.Helper()
	sets, err := filepath.Glob(filepath.Join(corporaDir, "*", "manifest.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if len(sets) == 0 {
		t.Log("corpora not present: the mails in message/testdata take their place")
		return ownMails(t)
	}
	for _, manifest := range sets {
		dir := filepath.Dir(manifest)
		set := filepath.Base(dir)
		if slices.Contains(noMails, set) {
			continue
		}
		for _, file := range listed(t, manifest) {
			raw, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				t.Fatal(err)
			}
			if set == "tnef-teamwork" { // as Outlook sends them
				fields := fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nMessage-ID: <%s.%s@boende.example.com>\r\n"+
					"Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n", customer, intake, set, file)
				for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(raw)), 76) {
					fields = append(append(fields, line...), "\r\n"...)
				}
				raw = fields
			}
			if slices.Contains(bodies, set) || strings.HasSuffix(file, ".html") {
				raw = slices.Concat(compose(customer, intake, set+"."+file+"@boende.example.com", "Sv: fel", 0), raw)
			}
			out = append(out, forms(set, file, raw)...)
		}
	}
	return out
}

func ownMails(t *testing.T) (out []*specimen) {
	t.Helper()
	dir := os.DirFS("../message/testdata/mail")
	names, err := fs.Glob(dir, "*.eml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no mails in the tree: %v", err)
	}
	for _, name := range names {
		raw, err := fs.ReadFile(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, forms("message/testdata", name, raw)...)
	}
	return out
}

// listed returns the files that a manifest names.
func listed(t *testing.T, manifest string) (files []string) {
	t.Helper()
	f, err := os.Open(manifest)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // read only
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 16<<20)
	for sc.Scan() {
		var row struct{ File string }
		if err := json.Unmarshal(sc.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		files = append(files, row.File)
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return files
}

// forms are a mail with the line ends of SMTP, by DATA and BDAT in turn, and as it lies in its file, by BDAT.
func forms(set, file string, raw []byte) []*specimen {
	lines := bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	if len(lines) > 0 && !bytes.HasSuffix(lines, []byte("\r\n")) {
		lines = append(lines, "\r\n"...)
	}
	from := "peer@sender.example.net"
	return []*specimen{
		{set: set, file: file, letter: letter{from: from, to: intake, raw: lines, chunks: len(file)%2 == 0}},
		{set: set, file: file, letter: letter{from: from, to: intake, raw: raw, chunks: true}},
	}
}

// tags are what lists put before a subject.
var tags = regexp.MustCompile(`^(\[[^\]]*\] ?)+`)

// sameMail is equal for what is to be stored as one mail: the same Message-ID, From, Subject and body, whatever line ends stand at
// its very end. Of a mail without a Message-ID the fields of its way do not count; which these are, package message says.
func sameMail(t *testing.T, raw []byte) string {
	t.Helper()
	c := message.Parse(t.Context(), message.InMemory(raw), message.Limits{})
	if c.MessageID == "" {
		return fmt.Sprintf("%x", c.Identity)
	}
	var who []string
	fields, err := message.Header(message.InMemory(raw), len(raw)+1)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		if strings.EqualFold(f.Name, "From") || strings.EqualFold(f.Name, "Subject") {
			who = append(who, tags.ReplaceAllString(strings.Join(strings.Fields(string(f.Value)), " "), ""))
		}
	}
	return fmt.Sprintf("%s %q %s", c.MessageID, who, sum(bytes.TrimRight(bodyOf(raw), "\r\n")))
}

// bodyOf is what follows the first empty line, or begins where no field does. Lines end in CRLF, LF, or, where there is no other end, CR.
func bodyOf(raw []byte) []byte {
	end := []byte("\n")
	if !bytes.Contains(bytes.TrimRight(raw, "\r\n"), end) {
		end = []byte("\r")
	}
	for rest := raw; ; {
		line, after, more := bytes.Cut(rest, end)
		if !more || len(bytes.TrimRight(line, "\r")) == 0 {
			return after
		}
		if !bytes.ContainsAny(line[:1], " \t") && !bytes.Contains(line, []byte(":")) {
			return rest
		}
		rest = after
	}
}

// deliverAll sends each group in order, the groups eight at a time.
func deliverAll(t *testing.T, h *house, groups [][]*specimen) {
	t.Helper()
	var peers sync.WaitGroup
	var next atomic.Int64
	for range 8 {
		peers.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= len(groups) {
					return
				}
				for _, s := range groups[n] {
					start := time.Now()
					var err error
					if s.told, err = deliver(h.SMTP, s.letter); err != nil {
						t.Errorf("%s/%s: %v", s.set, s.file, err)
					}
					if took := time.Since(start); took > patience {
						t.Errorf("%s/%s: took %v", s.set, s.file, took)
					}
				}
			}
		})
	}
	peers.Wait()
}

// grouped puts the forms of what is one mail together.
func grouped(t *testing.T, mails []*specimen) (groups [][]*specimen) {
	t.Helper()
	index := map[string]int{}
	for _, s := range mails {
		id := sameMail(t, s.raw)
		n, ok := index[id]
		if !ok {
			n = len(groups)
			index[id] = n
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], s)
	}
	return groups
}

// count is what became of the mails of a set.
type count struct{ sent, stored, again, refused int }

// audit checks each group's answers: the first mail is stored, the others are where it is.
func audit(t *testing.T, h *house, groups [][]*specimen) (stored int, sets map[string]*count) {
	t.Helper()
	sets = map[string]*count{}
	taken := map[string]*specimen{} // by place
	for _, group := range groups {
		var first *specimen
		for _, s := range group {
			if sets[s.set] == nil {
				sets[s.set] = new(count)
			}
			n := sets[s.set]
			n.sent++
			switch other := taken[s.told.place()]; {
			case refusedForHops(s):
				n.refused++
			case s.told.place() == "":
				t.Errorf("%s/%s: %v", s.set, s.file, s.told)
			case first == nil:
				first = s
				stored++
				n.stored++
				h.wantStored(t, s.told, s.raw)
				if other != nil {
					t.Errorf("%s/%s and %s/%s are different mails and both lie at %s", s.set, s.file, other.set, other.file, s.told.place())
				}
				taken[s.told.place()] = s
			default:
				n.again++
				if s.told != first.told {
					t.Errorf("%s/%s: %v, but the same mail %s/%s: %v", s.set, s.file, s.told, first.set, first.file, first.told)
				}
			}
		}
	}
	return stored, sets
}

// Every mail of the corpora is stored once, byte for byte.
func TestCorpora(t *testing.T) {
	h := open(t, nil)
	groups := grouped(t, specimens(t))
	deliverAll(t, h, groups)
	stored, sets := audit(t, h, groups)
	for _, set := range slices.Sorted(maps.Keys(sets)) {
		n := sets[set]
		t.Logf("%-24s %4d sent: %4d stored, %4d the same again, %d refused", set, n.sent, n.stored, n.again, n.refused)
	}
	h.wantMails(stored)
	if got := len(h.inventory()); got != stored {
		t.Errorf("cases and triage show %d mails, want %d", got, stored)
	}
	h.stop()
	h.wantMails(stored)
}

// refusedForHops tells the one refusal that a mail of the corpora may meet: over 50 Received lines.
func refusedForHops(s *specimen) bool {
	return s.told.code == 554 && strings.HasPrefix(s.told.text, "5.4.6") && bytes.Count(bytes.ToLower(s.raw), []byte("received:")) > 50
}
