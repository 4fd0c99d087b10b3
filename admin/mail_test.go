package admin_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"smartmail/admin"
	"smartmail/casework"
	"smartmail/mailauth/verdict"
)

func TestMailEntry(t *testing.T) {
	h := newHouse(t)
	h.receive(letter("Anna <anna@home.example>", "Kranen", "Message-ID: <1@home.example>\nReply-To: anna2@home.example\n", "Hej!\n\n> citat\n"), "anna@home.example", "fel@a.example")
	e := h.entries(1, 10)[0]
	a := h.want(http.StatusOK, nil, "GET", "/api/v1/entries/"+e.ID, "")
	var got map[string]any
	if err := json.Unmarshal(a.body, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{}
	if err := json.Unmarshal([]byte(`{
		"seq":1, "kind":"mail_in", "actor":{"via":"mail","name":"Anna","email":"anna@home.example"}, "lane":"customer", "org":"a", "case":1,
		"subject":"Kranen", "from":{"name":"Anna","email":"anna@home.example"}, "from_all":[], "reply_to":{"name":"","email":"anna2@home.example"},
		"to":[{"name":"Fel","email":"fel@a.example"}], "cc":[], "date":"2026-11-24T11:00:00Z", "message_id":"1@home.example",
		"html":"", "attachments":[], "class":"personal", "sender":"verified", "suggest_split":false, "scan":null, "bounces":[], "notices":[],
		"auth":{"spf":{"result":"pass","domain":"home.example"},"dkim":[{"result":"pass","domain":"home.example","selector":"s1"}],
			"dmarc":{"result":"pass","policy":"reject","domain":"home.example"},"arc":"none"}, "auth_results":"mx.a.example; dmarc=pass",
		"envelope":{"reverse_path":"anna@home.example","recipients":["fel@a.example"],"helo":"mail.home.example","client":"192.0.2.1","protocol":"ESMTPS"},
		"trace":"Received: by mx.a.example"}`), &want); err != nil {
		t.Fatal(err)
	}
	for k, v := range want {
		if g, w := fmt.Sprint(got[k]), fmt.Sprint(v); g != w {
			t.Errorf("%s: %s, want %s", k, g, w)
		}
	}
	for _, k := range []string{"id", "at", "text", "full_text", "matched", "raw"} {
		if got[k] == nil {
			t.Errorf("%s is missing", k)
		}
	}
	if len(got) != len(want)+11 {
		t.Errorf("%d fields: %s", len(got), a.body)
	}
	if e.Matched.By != "new" || *e.Text != e.FullText || !strings.Contains(*e.Text, "citat") {
		t.Errorf("a mail that opens a case keeps all of it: %s", a.body)
	}
	reply := strings.Replace(letter("anna@home.example", "Sv: Kranen", "", "Tack!\n\n> citat\n"), "fel@a.example", "x", 1)
	address, err := h.router.Address("a", 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	h.scan = &casework.Scan{Action: casework.ScanMark, Reasons: []string{"rspamd: 7.3 points"}, Score: 7.3}
	h.receive(reply, "anna@home.example", address)
	if e := h.entries(1, 1)[1]; e.Scan == nil || fmt.Sprint(*e.Scan) != "{mark [rspamd: 7.3 points] 7.3}" {
		t.Errorf("what the scanners found is shown as %+v", e.Scan)
	}
	if e := h.entries(1, 1)[1]; e.Matched.By != "token" || strings.Contains(*e.Text, "citat") || !strings.Contains(e.FullText, "citat") || e.ReplyTo != nil {
		t.Errorf("a reply is only what is new: %+v", e.MailFields)
	}

	h.refused(404, "GET", "/api/v1/entries/none", "")
	h.refused(404, "GET", "/api/v1/entries/"+e.ID, "", bearer(h.other)...)
	h.refused(404, "GET", "/api/v1/entries/"+e.ID+"?org=a", "", bearer(h.other)...)
	h.refused(404, "GET", "/api/v1/cases/2/entries", "")
	h.refused(422, "GET", "/api/v1/cases/1/entries?cursor=AAAAAAAAAAAAAAAA", "")
}

func TestEntriesPaging(t *testing.T) {
	h := newHouse(t)
	h.open("x")
	for i := range 9 {
		h.want(http.StatusAccepted, nil, "POST", "/api/v1/cases/1/messages", fmt.Sprintf(`{"lane":"internal","text":"note %d"}`, i))
	}
	for limit := 1; limit < 12; limit++ {
		for i, e := range h.entries(1, limit) {
			if e.Seq != uint64(i+1) {
				t.Fatalf("limit %d: entry %d where %d should be", limit, e.Seq, i+1)
			}
		}
		if n := len(h.entries(1, limit)); n != 10 {
			t.Errorf("limit %d: %d entries", limit, n)
		}
	}
}

func TestLargeMailsMakeSmallPages(t *testing.T) {
	h := newHouse(t)
	h.open("x")
	address, err := h.router.Address("a", 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	const mails = 25
	for i := range mails {
		h.receive(letter("anna@home.example", "x", fmt.Sprintf("Message-ID: <%d@home.example>\n", i), strings.Repeat("0123456789 abcdef\n", 25_000)), "anna@home.example", address)
	}
	var page admin.List[admin.Entry]
	a := h.want(http.StatusOK, &page, "GET", "/api/v1/cases/1/entries?limit=200", "")
	if len(page.Items) >= mails || page.Next == nil || len(a.body) > 20<<20 {
		t.Errorf("%d items in %d bytes", len(page.Items), len(a.body))
	}
	if n := len(h.entries(1, 200)); n != mails+1 {
		t.Errorf("%d entries in all pages, want %d", n, mails+1)
	}
}

func TestRaw(t *testing.T) {
	h := newHouse(t)
	small := letter("anna@home.example", "NUL", "X-Odd: \x00\xff\n", "a\x00b\r\r\n.\n..\n\xe5 no newline at the end")
	big := letter("anna@home.example", "Big", "", strings.Repeat("0123456789abcdef\x00\n", 10_000))
	for i, raw := range []string{small, big} {
		h.receive(raw, "anna@home.example", "fel@a.example")
		e := h.entries(uint64(i+1), 5)[0]
		path := "/api/v1/messages/" + e.Raw.ID + "/raw"
		a := h.want(http.StatusOK, nil, "GET", path, "")
		if string(a.body) != raw {
			t.Fatalf("mail %d is not what came in", i)
		}
		for k, v := range map[string]string{
			"Content-Type": "message/rfc822", "Content-Length": fmt.Sprint(len(raw)), "Etag": `"` + e.Raw.SHA256 + `"`, "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "private, no-cache",
			"Content-Disposition": `attachment; filename="` + e.Raw.ID + `.eml"; filename*=UTF-8''` + e.Raw.ID + ".eml",
		} {
			if a.header.Get(k) != v {
				t.Errorf("%s: %q, want %q", k, a.header.Get(k), v)
			}
		}
		if a := h.want(http.StatusPartialContent, nil, "GET", path, "", "Range", "bytes=5-9"); string(a.body) != raw[5:10] {
			t.Errorf("range: %q", a.body)
		}
		h.refused(416, "GET", path, "", "Range", "bytes=9999999-")
		h.want(http.StatusNotModified, nil, "GET", path, "", "If-None-Match", a.header.Get("ETag"))
		if a := h.want(http.StatusOK, nil, "HEAD", path, ""); len(a.body) != 0 || a.header.Get("Content-Length") != fmt.Sprint(len(raw)) {
			t.Errorf("HEAD: %d bytes, %v", len(a.body), a.header)
		}
		h.refused(404, "GET", path, "", bearer(h.other)...)
	}
	h.refused(404, "GET", "/api/v1/messages/none/raw", "")
}

// png is the beginning of a picture, which is all that tells it.
const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"

func TestAttachments(t *testing.T) {
	h := newHouse(t)
	parts := []struct{ header, content, wantType, wantName, wantKind string }{
		{"Content-Type: image/png\nContent-ID: <pic@x>\nContent-Disposition: inline; filename=a.png", png, "image/png", "a.png", "inline"},
		{"Content-Type: image/png\nContent-Disposition: attachment; filename=fake.png", "<script>alert(1)</script>", "image/png", "fake.png", "attachment"},
		{"Content-Type: image/svg+xml\nContent-Disposition: attachment; filename=a.svg", "<svg onload='x()'/>", "application/octet-stream", "a.svg", "attachment"},
		{"Content-Type: text/html\nContent-Disposition: attachment; filename=a.html", "<script>1</script>", "application/octet-stream", "a.html", "attachment"},
		{"Content-Type: text/xml\nContent-Disposition: attachment; filename=a.xml", "<a/>", "application/octet-stream", "a.xml", "attachment"},
		{"Content-Type: text/javascript\nContent-Disposition: attachment; filename=a.js", "x()", "application/octet-stream", "a.js", "attachment"},
		{"Content-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''r%C3%A4k%20ning%22.pdf", "%PDF-\x00\x01", "application/pdf", `räk ning".pdf`, "attachment"},
		{"Content-Type: application/x-empty\nContent-Disposition: attachment; filename=empty", "", "application/octet-stream", "empty", "attachment"},
	}
	var b strings.Builder
	b.WriteString("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>See <img src=\"cid:pic@x\"><img src=\"cid:gone\"><img src=\"http://spy.example/1.png\"></p><script>x()</script>\n")
	for _, p := range parts {
		fmt.Fprintf(&b, "--b\n%s\nContent-Transfer-Encoding: base64\n\n%s\n", p.header, base64.StdEncoding.EncodeToString([]byte(p.content)))
	}
	h.receive(letter("anna@home.example", "Files", b.String(), "--b--\n"), "anna@home.example", "fel@a.example")
	e := h.entries(1, 5)[0]
	if len(e.Attachments) != len(parts) {
		t.Fatalf("%d attachments: %+v", len(e.Attachments), e.Attachments)
	}
	if !strings.Contains(e.HTML, `src="/api/v1/attachments/`+e.Attachments[0].ID+`?org=a"`) || !strings.Contains(e.HTML, `src="cid:gone"`) ||
		strings.Contains(e.HTML, "spy") || strings.Contains(e.HTML, "script") {
		t.Errorf("HTML: %s", e.HTML)
	}
	for i, p := range parts {
		f := e.Attachments[i]
		a := h.want(http.StatusOK, nil, "GET", "/api/v1/attachments/"+f.ID, "")
		if string(a.body) != p.content || f.Size != int64(len(p.content)) || f.Name != p.wantName {
			t.Errorf("%+v: %q", f, a.body)
		}
		if got := a.header.Get("Content-Type"); got != p.wantType {
			t.Errorf("%s: content type %s, want %s", f.Name, got, p.wantType)
		}
		if got := a.header.Get("Content-Disposition"); !strings.HasPrefix(got, p.wantKind+"; filename=") || !strings.Contains(got, "filename*=UTF-8''") {
			t.Errorf("%s: disposition %s", f.Name, got)
		}
		if a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Content-Security-Policy") != "sandbox; default-src 'none'" {
			t.Errorf("%s: headers %v", f.Name, a.header)
		}
		h.refused(404, "GET", "/api/v1/attachments/"+f.ID, "", bearer(h.other)...)
	}
	a := h.want(http.StatusOK, nil, "GET", "/api/v1/attachments/"+e.Attachments[6].ID, "")
	if got := a.header.Get("Content-Disposition"); got != `attachment; filename="r_k ning_.pdf"; filename*=UTF-8''r%C3%A4k%20ning%22.pdf` {
		t.Errorf("disposition: %s", got)
	}
	for _, id := range []string{"none", "f0", e.Raw.ID + "-99", e.Raw.ID + "--1", e.Raw.ID, "%00-1", "..%2F..%2Fetc"} {
		h.refused(404, "GET", "/api/v1/attachments/"+id, "")
	}
}

func TestBounceNamesItsMessage(t *testing.T) {
	h := newHouse(t)
	h.open("Kranen")
	var sent admin.Entry
	h.want(http.StatusAccepted, &sent, "POST", "/api/v1/cases/1/messages", `{"lane":"customer","text":"Vi kommer."}`)
	var out admin.List[admin.Outgoing]
	h.want(http.StatusOK, &out, "GET", "/api/v1/outbox", "")
	report := letter("MAILER-DAEMON@home.example", "Undelivered", "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n",
		"--b\nContent-Type: text/plain\n\nNo such user.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.home.example\n\n"+
			"Final-Recipient: rfc822; anna@home.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 unknown\n--b--\n")
	h.receive(report, "", out.Items[0].ReturnPath)
	var e admin.Entry
	for _, each := range h.entries(1, 50) {
		if each.Kind == "mail_in" {
			e = each
		}
	}
	if e.MailFields == nil || e.Class != "bounce" || len(e.Bounces) != 1 {
		t.Fatalf("entry: %+v", e.MailFields)
	}
	if b := e.Bounces[0]; b.Message != sent.ID || b.Recipient != "anna@home.example" || b.Status != "5.1.1" || !b.Permanent {
		t.Errorf("bounce: %+v, want message %s", b, sent.ID)
	}
}

func TestTriage(t *testing.T) {
	h := newHouse(t)
	h.open("Kranen")
	auto := func(n int) {
		h.receive(letter("anna@home.example", fmt.Sprint("Frånvaro ", n), fmt.Sprintf("Auto-Submitted: auto-replied\nMessage-ID: <%d@home.example>\n", n), "Borta.\n"), "anna@home.example", "fel@a.example")
	}
	for n := range 4 {
		auto(n)
	}
	address, err := h.router.Address("a", 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	h.receive(letter("mallory@evil.example", "Sv: Kranen", "", "Let me in.\n"), "mallory@evil.example", address)

	var all []admin.Triage
	for cursor := ""; ; {
		var page admin.List[admin.Triage]
		h.want(http.StatusOK, &page, "GET", "/api/v1/triage?limit=2&cursor="+cursor, "")
		all = append(all, page.Items...)
		if page.Next == nil {
			break
		}
		cursor = *page.Next
	}
	if len(all) != 5 {
		t.Fatalf("%d items", len(all))
	}
	first, stranger := all[0], all[4]
	if first.State != "open" || first.Suggestion != nil || first.Case != nil || first.Class != "automatic" || first.Raw.ID == "" || first.Auth.DMARC.Result != verdict.Pass || first.DecidedBy != nil {
		t.Errorf("item: %+v", first)
	}
	if stranger.Verdict == "" || len(stranger.Decisions) != 0 {
		t.Errorf("item: %+v", stranger)
	}
	if stranger.Why != "unconfirmed sender" || stranger.Sender != "unconfirmed" || stranger.Case == nil || *stranger.Case != 1 || stranger.Entry == nil {
		t.Errorf("item: %+v", stranger)
	}
	h.want(http.StatusOK, nil, "GET", "/api/v1/messages/"+first.Raw.ID+"/raw", "")

	path := func(i int) string { return "/api/v1/triage/" + all[i].ID }
	var item admin.Triage
	h.want(http.StatusOK, &item, "POST", path(0), `{"action":"attach","case":1}`)
	if item.State != "attached" || *item.Case != 1 || item.Entry == nil || item.DecidedAt == nil || item.DecidedBy.Via != "api" || item.DecidedBy.Name != "caretaker a" {
		t.Errorf("attached: %+v", item)
	}
	h.want(http.StatusOK, nil, "GET", "/api/v1/entries/"+*item.Entry, "")
	h.want(http.StatusOK, &item, "POST", path(1), `{"action":"new_case","case":null}`)
	if item.State != "new_case" || *item.Case != 2 {
		t.Errorf("new case: %+v", item)
	}
	h.want(http.StatusOK, &item, "POST", path(2), `{"action":"discard"}`)
	h.want(http.StatusOK, &item, "GET", path(2), "")
	if item.State != "discarded" {
		t.Errorf("discarded: %+v", item)
	}
	h.want(http.StatusOK, &item, "POST", path(2), `{"action":"undo"}`)
	if item.State != "open" || len(item.Decisions) != 2 || item.Decisions[1].Action != "undo" || item.DecidedBy != nil {
		t.Errorf("taken back: %+v", item)
	}
	h.want(http.StatusOK, &item, "POST", path(2), `{"action":"discard"}`)
	h.refused(409, "POST", path(3), `{"action":"undo"}`)
	hidden := func() string {
		var e admin.Entry
		h.want(http.StatusOK, &e, "GET", "/api/v1/entries/"+*stranger.Entry, "")
		return e.Hidden
	}
	if got := hidden(); got != "held" {
		t.Errorf("the stranger's mail is %q", got)
	}
	h.want(http.StatusOK, &item, "POST", path(4), `{"action":"attach","trust":true}`)
	if got := hidden(); got != "" || !item.Decisions[0].Trusted {
		t.Errorf("vouched for: %q, %+v", got, item.Decisions)
	}
	h.refused(409, "POST", path(0), `{"action":"discard"}`)
	h.refused(422, "POST", path(3), `{"action":"attach"}`)
	h.refused(404, "POST", path(3), `{"action":"attach","case":99}`)
	h.refused(422, "POST", path(3), `{"action":"eat"}`)
	h.refused(404, "POST", path(3), `{"action":"discard"}`, bearer(h.other)...)
	h.refused(404, "GET", path(3)+"?org=a", "", bearer(h.other)...)
	h.refused(404, "GET", "/api/v1/triage/none", "")
	h.refused(422, "GET", "/api/v1/triage?state=lost", "")

	var page admin.List[admin.Triage]
	h.want(http.StatusOK, &page, "GET", "/api/v1/triage", "")
	if len(page.Items) != 1 || page.Items[0].ID != all[3].ID {
		t.Errorf("still open: %+v", page.Items)
	}
	h.want(http.StatusOK, &page, "GET", "/api/v1/triage?state=attached", "")
	if len(page.Items) != 2 {
		t.Errorf("attached: %+v", page.Items)
	}
}

// A picture is shown small; what is no picture, or claims to be one, is not.
func TestThumbnail(t *testing.T) {
	h := newHouse(t)
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 2000, 1000)), nil); err != nil {
		t.Fatal(err)
	}
	phone, err := os.ReadFile("../picture/testdata/corner.heic")
	if err != nil {
		t.Fatal(err)
	}
	part := func(name, mediaType string, content []byte) string {
		return fmt.Sprintf("--b\nContent-Type: %s; name=%s\nContent-Disposition: attachment; filename=%s\nContent-Transfer-Encoding: base64\n\n%s\n", mediaType, name, name, base64.StdEncoding.EncodeToString(content))
	}
	h.receive(letter("anna@home.example", "Foto", "Content-Type: multipart/mixed; boundary=b\n",
		part("foto.jpg", "image/jpeg", photo.Bytes())+part("falsk.jpg", "image/jpeg", []byte("<script>"))+part("a.txt", "text/x", []byte("hej"))+part("IMG_1.HEIC", "image/heic", phone)+part("falsk.heic", "image/heic", phone[:200])+"--b--\n"), "anna@home.example", "fel@a.example")
	e := h.entries(1, 5)[0]
	if len(e.Attachments) != 5 || e.Attachments[0].Sniffed != "image/jpeg" {
		t.Fatalf("attachments: %+v", e.Attachments)
	}
	a := h.want(http.StatusOK, nil, "GET", "/api/v1/attachments/"+e.Attachments[0].ID+"/thumbnail", "")
	small, err := jpeg.DecodeConfig(bytes.NewReader(a.body))
	if err != nil || small.Width != 480 || small.Height != 240 || a.header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("thumbnail: %+v, %v, %v", small, err, a.header)
	}
	again := append(bearer(h.token), "If-None-Match", a.header.Get("ETag"))
	if a = h.want(http.StatusNotModified, nil, "GET", "/api/v1/attachments/"+e.Attachments[0].ID+"/thumbnail", "", again...); len(a.body) > 0 {
		t.Errorf("made once more: %d bytes", len(a.body))
	}
	a = h.want(http.StatusOK, nil, "GET", "/api/v1/attachments/"+e.Attachments[3].ID+"/thumbnail", "", again...)
	small, err = jpeg.DecodeConfig(bytes.NewReader(a.body))
	if err != nil || small.Width != 160 || small.Height != 80 || a.header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("a phone's photo: %+v, %v, %v", small, err, a.header)
	}
	for _, f := range slices.Delete(slices.Clone(e.Attachments), 3, 4)[1:] {
		h.refused(404, "GET", "/api/v1/attachments/"+f.ID+"/thumbnail", "")
	}
	h.refused(404, "GET", "/api/v1/attachments/"+e.Attachments[0].ID+"/thumbnail", "", bearer(h.other)...)
}
