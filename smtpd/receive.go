package smtpd

import (
	"strconv"
	"strings"
	"time"
)

// takeBody gives the engine's session the mail that its DATA announced. The data has ended properly, unless the error
// is not nil: then the session is over. The caller discards the body.
func (g *gate) takeBody() (*body, error) {
	g.ended = true // the engine reads the end of the data when the session is done
	if b := g.chunks; b != nil {
		// The DATA was made up for the last chunk: its 354 is not for the peer.
		g.chunks = nil
		g.reply = g.reply[:0]
		return b, nil
	}
	g.finishReply()
	b := g.srv.bodies.begin()
	if !g.readData(b) {
		g.log.Info("mail dropped", "size", b.seen, "why", "connection ended within DATA")
		b.discard()
		return nil, errCut
	}
	return b, nil
}

// readData reads up to CRLF.CRLF and reports false if that did not come: then the session is over.
func (g *gate) readData(b *body) bool {
	g.in.grow()
	atStart := true
	for {
		unread := g.in.unread()
		kept, used, done := unstuff(unread, &atStart)
		b.write(unread[:kept])
		g.in.skip(used)
		if done {
			return true
		}
		if b.excess(0) {
			g.end(replyGaveUp)
			return false
		}
		if !g.wait(time.Now().Add(g.srv.opt.DataTimeout), phaseBody) {
			return false
		}
	}
}

// bdat takes one chunk (RFC 3030 section 2). The engine learns of them only when the last is in: as a DATA.
func (g *gate) bdat(arg string) (feed string) {
	size, last, ok := parseChunk(arg)
	if !ok {
		// How many octets follow is not known, and they must not be read as commands.
		g.end(replyBadArgument)
		return ""
	}
	var b *body
	if g.chunks == nil && !g.ready() {
		b = &body{bodies: g.srv.bodies, err: errCut} // the chunk follows all the same: count, don't keep
	} else {
		if g.chunks == nil {
			g.chunks = g.srv.bodies.begin()
		}
		b = g.chunks
	}
	if b.excess(size) {
		g.end(replyGaveUp)
		return ""
	}
	if !g.readChunk(b, size) {
		g.log.Info("mail dropped", "size", b.seen, "why", "connection ended within BDAT")
		return ""
	}
	switch {
	case b != g.chunks:
		return "" // answered by ready
	case last:
		return "DATA"
	case b.err != nil:
		// RFC 3030 section 2: after a failed chunk the transaction is to be reset; what the peer has
		// pipelined behind it gets 503.
		g.instead = line(g.sess.refuse(b.err, b.seen, time.Now()))
		g.dropChunks()
		return "RSET"
	default:
		g.say(replyChunk)
		return ""
	}
}

// parseChunk reads the argument of BDAT: a size of at most eighteen digits, and perhaps LAST.
func parseChunk(arg string) (size int64, last, ok bool) {
	words := strings.Fields(arg)
	if len(words) == 2 && strings.EqualFold(words[1], "LAST") {
		last = true
		words = words[:1]
	}
	if len(words) != 1 || len(words[0]) > 18 || strings.Trim(words[0], "0123456789") != "" {
		return 0, false, false
	}
	size, err := strconv.ParseInt(words[0], 10, 64)
	return size, last, err == nil
}

// readChunk reads size octets and reports false if they did not come: then the session is over.
func (g *gate) readChunk(b *body, size int64) bool {
	g.in.grow()
	for size > 0 {
		unread := g.in.unread()
		if int64(len(unread)) > size {
			unread = unread[:size]
		}
		b.write(unread)
		g.in.skip(len(unread))
		size -= int64(len(unread))
		if size > 0 && !g.wait(time.Now().Add(g.srv.opt.DataTimeout), phaseBody) {
			return false
		}
	}
	return true
}

// dropChunks forgets an open sequence of chunks.
func (g *gate) dropChunks() {
	if g.chunks != nil {
		g.chunks.discard()
		g.chunks = nil
	}
}
