package download

import (
	"mime"
	"net/http"
	"testing"
)

func TestType(t *testing.T) {
	const jpeg, gif, webp = "\xff\xd8\xff\xe0", "GIF89a", "RIFF\x00\x00\x00\x00WEBPVP"
	for _, x := range []struct {
		declared, start, want string
		picture               bool
	}{
		{"image/jpeg", jpeg, "image/jpeg", true},
		{"image/gif", gif, "image/gif", true},
		{"image/webp", webp, "image/webp", true},
		{"image/png", jpeg, "image/png", false},
		{"image/gif", "GIF89<script>", "image/gif", false},
		{"image/svg+xml", "<svg/>", "application/octet-stream", false},
		{"image/heic", "\x00\x00\x00\x18ftypheic", "image/heic", false},
		{"text/plain", "<html>", "text/plain", false},
		{"text/html", "<html>", "application/octet-stream", false},
		{"application/xhtml+xml", "<html/>", "application/octet-stream", false},
		{"application/vnd.mozilla.xul+xml", "<window/>", "application/octet-stream", false},
		{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "PK", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", false},
		{"message/rfc822", "From: x", "application/octet-stream", false},
		{"", "", "application/octet-stream", false},
	} {
		got, picture := Type(x.declared, []byte(x.start))
		if got != x.want || picture != x.picture {
			t.Errorf("%s: %s, %v; want %s, %v", x.declared, got, picture, x.want, x.picture)
		}
	}
}

// Whatever a file is called, its name is one parameter of one header.
func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"ritning å.pdf": "ritning å.pdf", `a"; filename="b.exe`: `a"; filename="b.exe`, "a\r\nSet-Cookie: x": "a\r\nSet-Cookie: x", "100%.txt": "100%.txt", "a+b c": "a+b c", "": "",
	} {
		h := http.Header{}
		Headers(h, name, "text/plain", false)
		kind, parameters, err := mime.ParseMediaType(h.Get("Content-Disposition"))
		if err != nil || kind != "attachment" || parameters["filename"] != want {
			t.Errorf("%q: %q, %v, %v", name, h.Get("Content-Disposition"), parameters, err)
		}
	}
}
