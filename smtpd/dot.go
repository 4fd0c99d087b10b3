package smtpd

import "bytes"

// unstuff undoes the dot-stuffing of RFC 5321 section 4.5.2 in place, and looks for the end of the data.
//
// It turns buf[:used] into buf[:kept]. What follows buf[:used] is either a tail of at most two octets whose meaning
// hangs on octets still to come ("." or ".\r" at the start of a line, or "\r"), or, when done, what the peer
// pipelined behind the data. *atStart tells whether buf begins a line, and is true at the beginning of the data.
//
// RFC 5321 section 4.1.1.4: only CRLF.CRLF ends the data, and its first CRLF belongs to the mail. A bare CR, a bare
// LF, and a line that begins behind one, are content like any other.
func unstuff(buf []byte, atStart *bool) (kept, used int, done bool) {
	for used < len(buf) {
		rest := buf[used:]
		if *atStart && rest[0] == '.' {
			switch {
			case bytes.HasPrefix(rest, []byte(dotCRLF)):
				return kept, used + len(dotCRLF), true
			case bytes.HasPrefix([]byte(dotCRLF), rest):
				return kept, used, false
			}
			used++
			*atStart = false
			continue
		}
		n := len(rest)
		*atStart = false
		if i := bytes.Index(rest, []byte(crlfDot)); i >= 0 {
			n = i + len(crlf)
			*atStart = true
		} else if bytes.HasSuffix(rest, []byte(crlf)) {
			*atStart = true
		} else if rest[n-1] == '\r' {
			n--
		}
		if n == 0 {
			return kept, used, false
		}
		kept += copy(buf[kept:], rest[:n])
		used += n
	}
	return kept, used, false
}

const (
	crlf    = "\r\n"
	crlfDot = "\r\n."
	dotCRLF = ".\r\n"
)

// newlines finds bare CRs and LFs in a body that is shown to it piece by piece.
type newlines struct {
	cr   bool // the last octet was a CR
	bare bool
}

// add looks at the next piece.
func (n *newlines) add(p []byte) {
	if n.bare || len(p) == 0 {
		return
	}
	if n.cr {
		if p[0] != '\n' {
			n.bare = true
			return
		}
		p = p[1:]
		n.cr = false
	}
	for len(p) > 0 && !n.bare {
		i := bytes.IndexByte(p, '\n')
		lineEnd := i
		if i < 0 {
			lineEnd = len(p)
		}
		switch cr := bytes.IndexByte(p[:lineEnd], '\r'); {
		case i < 0:
			n.cr = cr == lineEnd-1 && cr >= 0
			n.bare = cr >= 0 && !n.cr
			return
		case cr < 0 || cr != i-1:
			n.bare = true
		}
		p = p[i+1:]
	}
}

// found tells whether the whole body had a bare CR or LF.
func (n *newlines) found() bool { return n.bare || n.cr }
