// Package download says how a stranger's file is handed to a browser so that it does no harm there.
//
//	declared type, first bytes → Type → headers of the answer
//
// Invariants: nothing that a browser might run is served as what it is; only a picture whose bytes are what its type says is
// shown in place; no name breaks out of its header.
package download

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Sniffed is how much of a file's beginning Type looks at, in bytes.
const Sniffed = 512

// Headers makes a file harmless, whatever it is: a browser that opens it in place all the same runs nothing of it (CSP level 3).
func Headers(h http.Header, name, mediaType string, inline bool) {
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", disposition(name, inline))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-cache")
}

// disposition writes RFC 6266, with the name in ASCII for old programs and in UTF-8 (RFC 8187) for all others.
func disposition(name string, inline bool) string {
	kind := "attachment"
	if inline {
		kind = "inline"
	}
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, name)
	return fmt.Sprintf(`%s; filename="%s"; filename*=UTF-8''%s`, kind, ascii, strings.ReplaceAll(url.QueryEscape(name), "+", "%20"))
}

// Type is the media type that a file is served as, and whether it is a picture that may be shown in place: one whose
// first bytes say the same as its declared type does. Types that a browser might run are served as bytes.
func Type(declared string, start []byte) (mediaType string, picture bool) {
	switch declared {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		if http.DetectContentType(start) == declared {
			return declared, true
		}
	case "application/pdf", "text/plain", "text/csv", "text/calendar", "application/zip", "application/msword":
		return declared, false
	}
	family, sub, _ := strings.Cut(declared, "/")
	active := strings.Contains(sub, "xml") && !strings.HasPrefix(sub, "vnd.openxmlformats-") || strings.Contains(sub, "html")
	if !active && (family == "image" || family == "audio" || family == "video" || strings.HasPrefix(sub, "vnd.")) {
		return declared, false
	}
	return "application/octet-stream", false
}
