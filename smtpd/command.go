package smtpd

import (
	"bytes"
	"slices"
	"strings"
	"time"
)

// maxLine bounds a command line with its CRLF: RFC 5321 section 4.5.3.1.4 asks for 512 octets, extensions for more.
const maxLine = 2048

// nextLine reads a command line, without its CRLF. problem is the reply to one that cannot be a command. ok is false
// when the session is over.
func (g *gate) nextLine() (command, problem string, ok bool) {
	deadline := time.Now().Add(g.srv.opt.CommandTimeout)
	long := false
	for {
		if g.chunks == nil && g.isStopping() {
			g.end(replyShutdown)
			return "", "", false
		}
		unread := g.in.unread()
		if i := bytes.IndexByte(unread, '\n'); i >= 0 {
			command, problem = checkLine(unread[:i+1])
			if long {
				problem = replyLineTooLong
			}
			first := !g.started
			g.started = true
			g.in.skip(i + 1)
			if first && command == "" && g.srv.opt.ProxyProtocol {
				// A version 2 PROXY header begins with an empty line. Only trusted proxies may send one,
				// and theirs was read before.
				g.end(replyNotSMTP)
				return "", "", false
			}
			return command, problem, true
		}
		if len(unread) >= maxLine {
			long = true // its start is of no use: wait for its end
			g.in.skip(len(unread))
		}
		ph := phaseCommand
		if g.chunks != nil {
			ph = phaseBody
		}
		if !g.wait(deadline, ph) {
			return "", "", false
		}
	}
}

// checkLine takes the CRLF from a command line. A line that ends in a bare LF is refused: RFC 5321 section 2.3.8
// forbids it, and servers that disagree on what ends a line are what smuggling lives on.
func checkLine(raw []byte) (command, problem string) {
	if len(raw) > maxLine {
		return "", replyLineTooLong
	}
	text, ok := bytes.CutSuffix(raw, []byte(crlf))
	if !ok {
		return "", replyBareLF
	}
	for _, c := range text {
		if c < ' ' && c != '\t' || c == 0x7f {
			return "", replyControl
		}
	}
	return string(text), ""
}

// dispatch answers a command, or returns the line to hand to the engine.
func (g *gate) dispatch(command string) (feed string) {
	verb, arg := splitCommand(command)
	g.line, g.verb = command, verb
	if g.chunks != nil && !slices.Contains([]string{"BDAT", "RSET", "NOOP", "QUIT", "EHLO", "HELO"}, verb) {
		g.say(replyInChunks)
		return ""
	}
	switch verb {
	case "EHLO", "HELO":
		return g.hello(verb, arg)
	case "MAIL":
		return g.mail(arg)
	case "RCPT":
		return g.rcpt(arg)
	case "DATA":
		return g.data(arg)
	case "BDAT":
		return g.bdat(arg)
	case "RSET":
		g.dropChunks()
		return verb
	case "NOOP", "QUIT", "VRFY", "HELP", "EXPN":
		return strings.TrimSpace(verb + " " + arg)
	case "STARTTLS":
		g.startTLS(arg)
	case "AUTH", "TURN", "ETRN", "SEND", "SOML", "SAML":
		g.say(replyNotOffered)
	case "PROXY", "CONNECT", "GET", "POST", "PUT":
		// Other protocols: a browser or proxy made to carry a forged dialogue. What follows is no command.
		g.end(replyNotSMTP)
	default:
		g.say(replyUnknown)
	}
	return ""
}

// splitCommand separates the verb from its argument. Space around them is not the engine's to stumble over.
func splitCommand(command string) (verb, arg string) {
	command = strings.Trim(command, " \t")
	if i := strings.IndexAny(command, " \t"); i >= 0 {
		command, arg = command[:i], strings.TrimLeft(command[i:], " \t")
	}
	return strings.ToUpper(command), arg
}

// hello checks the argument of EHLO or HELO: it goes into a Received line.
func (g *gate) hello(verb, arg string) string {
	name, _, _ := strings.Cut(arg, " ")
	if name == "" || len(name) > 255 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		g.say(replyBadHello)
		return ""
	}
	// RFC 5321 section 4.1.4: EHLO resets. Not so when it is refused: chunks go with the rest of their mail, or
	// what follows would pass for the whole.
	g.dropChunks()
	return verb + " " + name
}

func (g *gate) mail(arg string) string {
	switch {
	case !g.greeted:
		g.say(replyNoHello)
	case g.sess.open:
		g.say(replyNested)
	case g.srv.opt.MaxMessages > 0 && g.mails >= g.srv.opt.MaxMessages:
		g.end(replyTooManyMails)
	default:
		return "MAIL " + clampSize(arg)
	}
	return ""
}

// clampSize makes a SIZE that is too big for the engine's 32 bits the biggest that is not: RFC 1870 section 3 allows
// twenty digits, and the answer is 552, not 501.
func clampSize(arg string) string {
	const most = "4294967295"
	end := strings.LastIndexByte(arg, '>') + 1
	params := strings.Fields(arg[end:])
	for i, p := range params {
		name, digits, _ := strings.Cut(p, "=")
		if !strings.EqualFold(name, "SIZE") || strings.Trim(digits, "0123456789") != "" || len(digits) > 20 {
			continue
		}
		digits = strings.TrimLeft(digits, "0")
		if len(digits) > len(most) || len(digits) == len(most) && digits > most {
			params[i] = name + "=" + most
		}
	}
	return strings.TrimSpace(arg[:end] + " " + strings.Join(params, " "))
}

func (g *gate) rcpt(arg string) string {
	if !g.greeted || !g.sess.open {
		g.say(replyNoMail)
		return ""
	}
	// RFC 5321 section 4.5.1: <postmaster> without a domain must be accepted.
	const local = "postmaster"
	to, path, _ := strings.Cut(arg, ":")
	path = strings.TrimLeft(path, " \t")
	if strings.EqualFold(to, "TO") && len(path) >= len(local)+2 && strings.EqualFold(path[:len(local)+2], "<"+local+">") {
		arg = "TO:" + path[:len(local)+1] + "@" + g.srv.opt.Hostname + path[len(local)+1:]
	}
	return "RCPT " + arg
}

func (g *gate) data(arg string) string {
	if arg != "" {
		g.say(replyBadArgument)
		return ""
	}
	if !g.ready() {
		return ""
	}
	return "DATA"
}

// ready tells whether message data may come now, and says so if not.
func (g *gate) ready() bool {
	switch {
	case !g.greeted || !g.sess.open:
		g.say(replyNoMail)
	case len(g.sess.env.Recipients) == 0:
		g.say(replyNoRcpt)
	default:
		return true
	}
	return false
}

// greeting finishes the reply to EHLO or HELO. RFC 5321 section 4.1.1.1: its first word is our name; RFC 2034
// section 4 keeps enhanced codes out of it. The extensions are the engine's, and ours.
func (g *gate) greeting(reply string) string {
	if !strings.HasPrefix(reply, "250") {
		return reply
	}
	g.greeted = true
	g.esmtp = g.verb == "EHLO"
	_, g.helo = splitCommand(g.line)
	g.helo, _, _ = strings.Cut(g.helo, " ")
	first := g.srv.opt.Hostname + " greets " + g.helo
	if !g.esmtp {
		return "250 " + first
	}
	lines := []string{first}
	for _, l := range strings.Split(reply, crlf)[1:] {
		if ext := l[len("250 "):]; ext != "SIZE" {
			lines = append(lines, ext)
		}
	}
	lines = append(lines, g.srv.extensions(g.tls != "")...)
	return "250-" + strings.Join(lines[:len(lines)-1], crlf+"250-") + crlf + "250 " + lines[len(lines)-1]
}
