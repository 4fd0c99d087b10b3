package portal_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"smartmail/blobstore/files"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
	"smartmail/compose"
	"smartmail/desk"
	"smartmail/mailauth/verdict"
	"smartmail/message"
	"smartmail/portal"
	"smartmail/threading"
)

var eva = casework.Actor{Via: casework.ViaAPI, Name: "Eva"}

// house is a portal over a real desk and store, with a case of a customer and a supplier.
type house struct {
	t    *testing.T
	url  string
	desk *desk.Desk
	keys *threading.Keyring
	n    casework.CaseNumber

	mu       sync.Mutex
	log      bytes.Buffer
	now      time.Time
	observed map[string]int
}

// Write takes what is logged.
func (h *house) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.Write(b)
}

func (h *house) logged() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.String()
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(time.Millisecond)
	return h.now
}

func (h *house) forward(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func newHouse(t *testing.T) *house {
	t.Helper()
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "t.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := files.Open(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), observed: map[string]int{}}
	h.keys = threading.NewKeyring(h.clock)
	h.desk = desk.New(desk.Options{
		Store: store, Blobs: blobs, Keys: h.keys, Orgs: []casework.OrgID{"a", "b"}, Now: h.clock,
		Router: threading.NewRouter(h.keys, "", []threading.Organisation{{ID: "a", Domain: "a.example"}, {ID: "b", Domain: "b.example"}}),
	})
	if err := h.desk.LoadKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := h.desk.Open(t.Context(), "a", casework.Open{Subject: "Droppande <kran>", Reporter: &casework.Reporter{Name: "Anna Andersson", Email: "anna@home.example"}}, eva)
	if err != nil {
		t.Fatal(err)
	}
	h.n = c.Number
	h.do(casework.Order{Name: "Rör AB", Email: "jour@ror.example", MailOut: casework.MailOut{Text: "Hemligt för hyresgästen"}})
	handler, err := portal.New(portal.Options{
		Desk: h.desk, Keys: h.keys, Orgs: []compose.Org{{ID: "a", Name: "Alfa <Bostad>", Location: time.UTC, Look: compose.Look{Footer: "Alfa AB"}}}, Now: h.clock,
		Log: slog.New(slog.NewTextHandler(h, &slog.HandlerOptions{Level: slog.LevelDebug})), TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Observe: func(route string, status int) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.observed[fmt.Sprint(route, " ", status)]++
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(handler)
	t.Cleanup(func() {
		srv.Close()
		_ = store.Close()
	})
	h.url = srv.URL
	return h
}

func (h *house) do(cmd casework.Command) casework.Entry {
	h.t.Helper()
	_, entries, err := h.desk.Do(h.t.Context(), "a", h.n, cmd, eva, 0)
	if err != nil {
		h.t.Fatal(err)
	}
	return entries[0]
}

// post says something to the customer, with files.
func (h *house) post(text string, contents map[string][]byte) casework.Entry {
	h.t.Helper()
	p := casework.Post{Lane: "customer", Text: text}
	for name, b := range contents {
		f, err := h.desk.KeepFile(h.t.Context(), "a", name, http.DetectContentType(b), b)
		if err != nil {
			h.t.Fatal(err)
		}
		p.Files = append(p.Files, f)
	}
	return h.do(p)
}

// mail lets somebody answer.
func (h *house) mail(no casework.ParticipantNo, from, raw string) casework.EntryID {
	h.t.Helper()
	to, err := h.desk.Router.Address("a", h.n, no)
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := h.desk.Router.Route(to)
	if err != nil {
		h.t.Fatal(err)
	}
	c := message.Parse(h.t.Context(), message.InMemory([]byte(raw)), message.Limits{})
	_, domain, _ := strings.Cut(from, "@")
	m := casework.Mail{Org: "a", At: h.clock(), Identity: []byte(raw), Content: c, Auth: verdict.Verdict{From: from, DMARC: verdict.DMARC{Result: verdict.Pass, Domain: domain}}}
	placed, err := h.desk.Receive(h.t.Context(), []desk.Delivery{{Mail: m, Raw: message.InMemory([]byte(raw)), Routes: []threading.Route{r}}})
	if err != nil {
		h.t.Fatal(err)
	}
	return placed[0].Entry
}

func (h *house) link(l threading.Link) string {
	h.t.Helper()
	if l.Org == "" {
		l.Org, l.Case = "a", h.n
	}
	if l.Expires.IsZero() {
		l.Expires = h.clock().Add(time.Hour)
	}
	token, err := h.keys.SignLink(l)
	if err != nil {
		h.t.Fatal(err)
	}
	return "/" + string(rune(l.Kind)) + "/" + token
}

func (h *house) page(no casework.ParticipantNo) string {
	return h.link(threading.Link{Kind: threading.PageLink, Participant: no})
}

// get asks for a path; headers come in pairs.
func (h *house) get(method, path string, headers ...string) (*http.Response, string) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return res, string(b)
}

// photo is a JPEG that says where it was taken.
func photo(t *testing.T, edge int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, edge, edge)), nil); err != nil {
		t.Fatal(err)
	}
	const place = "Exif\x00\x00 59.3293 N"
	segment := append([]byte{0xff, 0xe1, 0, byte(len(place) + 2)}, place...)
	return append(append(bytes.Clone(b.Bytes()[:2]), segment...), b.Bytes()[2:]...)
}

const letter = "From: Anna <anna@home.example>\r\nSubject: Re: Kran\r\nMessage-ID: <1@home.example>\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nDet <droppar> mer.\r\n\r\nTack!\r\n" +
	"--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename=\"x å.html\"\r\n\r\n<script>alert(1)</script>0123456789\r\n--b--\r\n"

// The page shows the customer what he may see, and nothing else; it cannot run, be kept, framed or indexed.
func TestPage(t *testing.T) {
	h := newHouse(t)
	h.post("Vi kommer i morgon.", map[string][]byte{"bild.jpg": photo(t, 1000)})
	h.mail(1, "anna@home.example", letter)
	h.mail(2, "jour@ror.example", strings.ReplaceAll(strings.ReplaceAll(letter, "droppar", "dyrt"), "anna@home", "jour@ror"))
	h.mail(1, "mallory@bad.example", strings.ReplaceAll(strings.ReplaceAll(letter, "droppar", "lurar"), "anna@home", "mallory@bad"))
	res, body := h.get("GET", h.page(1))
	for _, want := range []string{"Droppande &lt;kran&gt;", "Alfa &lt;Bostad&gt;", "Mottaget", "En handläggare läser", "Vi kommer i morgon.", "Det &lt;droppar&gt; mer.", "Anna", "bild.jpg", "x å.html", "Alfa AB", "torsdag 24 november"[8:], "/small"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	for _, not := range []string{"Hemligt", "dyrt", "lurar", "<script", "Mallory", "onclick", "http:", "https:", "ror.example", "<form"} {
		if strings.Contains(body, not) {
			t.Errorf("the page shows %q", not)
		}
	}
	want := map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow, noarchive",
		"X-Frame-Options": "DENY", "Content-Type": "text/html; charset=utf-8", "Set-Cookie": "",
	}
	for name, value := range want {
		if got := res.Header.Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	if csp := res.Header.Get("Content-Security-Policy"); res.StatusCode != http.StatusOK || !strings.HasPrefix(csp, "default-src 'none'; style-src 'sha256-") || strings.Contains(csp, "unsafe") {
		t.Errorf("%d, policy %q", res.StatusCode, csp)
	}
	if head, empty := h.get("HEAD", h.page(1)); head.StatusCode != http.StatusOK || empty != "" {
		t.Errorf("HEAD: %d, %q", head.StatusCode, empty)
	}
	if !strings.Contains(h.logged(), "link opened") || strings.Contains(h.logged(), "@") || strings.Contains(h.logged(), "a.p") || strings.Contains(h.logged(), "Anna") {
		t.Errorf("the log says too much or too little:\n%s", h.logged())
	}
}

// What is forged, expired, of another kind, or leads to nothing any more looks the same.
func TestLinksThatLeadNowhere(t *testing.T) {
	h := newHouse(t)
	e := h.post("Hej", map[string][]byte{"a.txt": []byte("abc")})
	file := threading.Link{Kind: threading.FileLink, Participant: 1, Entry: e.ID}
	good := h.link(file)
	if res, body := h.get("GET", good); res.StatusCode != http.StatusOK || body != "abc" {
		t.Fatalf("%d %q", res.StatusCode, body)
	}
	_, want := h.get("GET", "/p/x")
	dead := map[string]string{
		"forged": good[:len(good)-1] + "q", "a page's as a file": "/f" + h.page(1)[2:], "a file's as a page": "/p" + good[2:], "empty": "/p/", "nothing": "/f/x/y",
		"another participant's": h.link(threading.Link{Kind: threading.FileLink, Participant: 2, Entry: e.ID}), "nobody's": h.page(9), "a supplier's page": h.page(2),
		"no such file": h.link(threading.Link{Kind: threading.FileLink, Participant: 1, Entry: e.ID, File: 1}),
		"no such case": h.link(threading.Link{Kind: threading.PageLink, Org: "a", Case: 99, Participant: 1}),
		"no picture":   good + "/small", "another organisation's": h.link(threading.Link{Kind: threading.PageLink, Org: "b", Case: h.n, Participant: 1}),
	}
	h.do(casework.Withdraw{Entry: e.ID})
	dead["withdrawn"] = good
	soon := h.page(1)
	h.forward(2 * time.Hour)
	dead["expired"] = soon
	for name, path := range dead {
		res, body := h.get("GET", path)
		if res.StatusCode != http.StatusNotFound || body != want || res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %d, %v\n%s", name, res.StatusCode, res.Header, body)
		}
	}
	if !strings.Contains(want, "Svara på mejlet") || !strings.Contains(want, "Answer the mail") {
		t.Errorf("no way to a new link in %s", want)
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH"} {
		if res, _ := h.get(method, h.page(1)); res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d", method, res.StatusCode)
		}
	}
}

// A file comes whole or in ranges, of a message as of a mail, and does no harm in a browser.
func TestFiles(t *testing.T) {
	h := newHouse(t)
	big := bytes.Repeat([]byte("0123456789"), 300_000)
	e := h.post("Hej", map[string][]byte{"stor.bin": big})
	mail := h.mail(1, "anna@home.example", letter)
	const html = "<script>alert(1)</script>0123456789"
	for _, x := range []struct {
		name  string
		entry casework.EntryID
		want  string
	}{{"of a message", e.ID, string(big)}, {"of a mail", mail, html}} {
		path := h.link(threading.Link{Kind: threading.FileLink, Participant: 1, Entry: x.entry})
		res, body := h.get("GET", path)
		if body != x.want || res.StatusCode != http.StatusOK || res.ContentLength != int64(len(x.want)) || res.Header.Get("Content-Type") != "application/octet-stream" ||
			!strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment; ") || res.Header.Get("Content-Security-Policy") != "sandbox; default-src 'none'" ||
			res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d, %d octets, %v", x.name, res.StatusCode, len(body), res.Header)
		}
		for ask, want := range map[string]string{"bytes=3-12": x.want[3:13], "bytes=-5": x.want[len(x.want)-5:], "bytes=30-": x.want[30:]} {
			if part, body := h.get("GET", path, "Range", ask); part.StatusCode != http.StatusPartialContent || body != want {
				t.Errorf("%s, %s: %d, %d octets", x.name, ask, part.StatusCode, len(body))
			}
		}
		if part, _ := h.get("GET", path, "Range", "bytes=9000000-"); part.StatusCode != http.StatusRequestedRangeNotSatisfiable {
			t.Errorf("%s: an impossible range is %d", x.name, part.StatusCode)
		}
		if head, body := h.get("HEAD", path); head.StatusCode != http.StatusOK || body != "" || head.ContentLength != int64(len(x.want)) {
			t.Errorf("%s: HEAD is %d with %d octets", x.name, head.StatusCode, head.ContentLength)
		}
		if same, _ := h.get("GET", path, "If-None-Match", res.Header.Get("ETag")); same.StatusCode != http.StatusNotModified {
			t.Errorf("%s: the same again is %d", x.name, same.StatusCode)
		}
	}
	if got := strings.Count(h.logged(), "route=file org=a case=1 entry="+string(e.ID)+" file=0"); got == 0 {
		t.Errorf("downloads are not on record:\n%s", h.logged())
	}
}

// Neither a picture nor what is made of it says where it was taken; one that cannot be cleaned is not shown.
func TestPicturesSayNoPlace(t *testing.T) {
	h := newHouse(t)
	e := h.post("Hej", map[string][]byte{"a.jpg": photo(t, 1200)})
	damaged := h.post("Hej", map[string][]byte{"a.jpg": photo(t, 1200)[:30]})
	_, page := h.get("GET", h.page(1))
	src := regexp.MustCompile(`src="\.\.(/f/[^"]+)"`).FindStringSubmatch(page)
	if src == nil {
		t.Fatalf("no picture on the page:\n%s", page)
	}
	for path, edge := range map[string]int{h.link(threading.Link{Kind: threading.FileLink, Participant: 1, Entry: e.ID}): 1200, src[1]: 480} {
		res, body := h.get("GET", path)
		c, err := jpeg.DecodeConfig(strings.NewReader(body))
		if err != nil || c.Width != edge || strings.Contains(body, "59.3293") || res.Header.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(res.Header.Get("Content-Disposition"), "inline") {
			t.Errorf("%d, %d pixels, %v: %v", res.StatusCode, c.Width, err, res.Header)
		}
	}
	if res, _ := h.get("GET", h.link(threading.Link{Kind: threading.FileLink, Participant: 1, Entry: damaged.ID})); res.StatusCode != http.StatusNotFound {
		t.Errorf("a damaged picture is %d", res.StatusCode)
	}
}

// A network that asks too often waits; others do not, also behind the same proxy.
func TestAllowance(t *testing.T) {
	h := newHouse(t)
	path, last := h.page(1), 0
	for range 300 {
		res, _ := h.get("GET", path, "X-Forwarded-For", "203.0.113.9, 192.0.2.1")
		if last = res.StatusCode; last == http.StatusTooManyRequests {
			if res.Header.Get("Retry-After") == "" {
				t.Error("nothing says when to come again")
			}
			break
		}
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("after 300 requests: %d", last)
	}
	if res, _ := h.get("GET", path, "X-Forwarded-For", "203.0.113.9, 192.0.2.2"); res.StatusCode != http.StatusOK {
		t.Errorf("somebody else: %d", res.StatusCode)
	}
	h.forward(time.Minute)
	if res, _ := h.get("GET", path, "X-Forwarded-For", "192.0.2.1"); res.StatusCode != http.StatusOK {
		t.Errorf("a minute later: %d", res.StatusCode)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.observed["page 200"] == 0 || h.observed["page 429"] != 1 {
		t.Errorf("observed %v", h.observed)
	}
}

// The words follow the case, and its visit the booking.
func TestWordsOfStatus(t *testing.T) {
	h := newHouse(t)
	path := h.page(1)
	for status, want := range map[casework.Status]string{
		casework.StatusStarted: "Arbetet pågår", casework.StatusWaiting: "Väntar", casework.StatusDone: "Arbetet är klart", casework.StatusClosed: "Avslutat",
	} {
		h.do(casework.Edit{Status: &status})
		if _, body := h.get("GET", path); !strings.Contains(body, want) {
			t.Errorf("%s: no %q", status, want)
		}
	}
	for _, s := range casework.Statuses() {
		for _, language := range []string{"sv", "en"} {
			if compose.Status(s, language) == "" || compose.Next(casework.Case{Status: s}, h.clock(), language, time.UTC) == "" {
				t.Errorf("%s has no words in %s", s, language)
			}
		}
	}
}
