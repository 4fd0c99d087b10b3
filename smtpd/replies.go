package smtpd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-smtp"

	"smartmail/fault"
)

// Replies that the gate gives by itself. Codes are those of RFC 5321 section 4.2.3 and RFC 3463.
const (
	replyLineTooLong  = "500 5.5.2 command line too long"
	replyBareLF       = "500 5.5.2 command lines end in CRLF"
	replyControl      = "500 5.5.2 control character in command line"
	replyUnknown      = "500 5.5.2 command not recognised"
	replyNotOffered   = "502 5.5.1 command not offered"
	replyNoHello      = "503 5.5.1 say EHLO or HELO first"
	replyNested       = "503 5.5.1 a mail is under way already, RSET it first"
	replyNoMail       = "503 5.5.1 MAIL comes first"
	replyNoRcpt       = "554 5.5.1 no valid recipients"
	replyInChunks     = "503 5.5.1 only BDAT, RSET, NOOP and QUIT between chunks"
	replyBadArgument  = "501 5.5.4 argument not allowed or missing"
	replyBadHello     = "501 5.5.2 a host name or address literal is needed"
	replySender       = "250 2.1.0 sender taken"
	replyRecipient    = "250 2.1.5 recipient taken"
	replyChunk        = "250 2.0.0 chunk taken"
	replyStartTLS     = "220 2.0.0 ready to start TLS"
	replyInTLS        = "503 5.5.1 TLS is on already"
	replyIdle         = "421 4.4.2 nothing heard for too long, closing"
	replySessionOver  = "421 4.4.2 session lasted too long, closing"
	replyShutdown     = "421 4.3.2 shutting down, try again later"
	replyTooManyErrs  = "421 4.7.0 too many errors, closing"
	replyTooManyMails = "421 4.7.0 too many mails in one session, connect again"
	replyTooManyConns = "421 4.7.0 too many connections, try again later"
	replyNotSMTP      = "421 4.7.0 this is not SMTP, closing"
	replyGaveUp       = "552 5.3.4 mail far over the size limit, closing"
)

// The faults that smtpd finds by itself.
func errTooBig(max int64) error {
	return fault.New(fault.TooBig, fmt.Sprintf("mail is over the limit of %d bytes", max))
}

func errBareNewline() error {
	return fault.New(fault.BareNewline, "bare CR or LF in mail is not accepted")
}

// errCut is what a session gets whose connection ended, or had to end, within the data. Its text is never sent.
var errCut = errors.New("smtpd: connection ended within the data")

// codes is the one table from the kind of a fault to an SMTP reply.
func codes(kind fault.Kind) (int, smtp.EnhancedCode) {
	switch kind {
	case fault.NotFound:
		return 550, smtp.EnhancedCode{5, 1, 1}
	case fault.Forbidden:
		return 550, smtp.EnhancedCode{5, 7, 1}
	case fault.TooBig:
		return 552, smtp.EnhancedCode{5, 3, 4}
	case fault.Unauthenticated:
		return 550, smtp.EnhancedCode{5, 7, 26}
	case fault.Loop:
		return 554, smtp.EnhancedCode{5, 4, 6}
	case fault.BareNewline:
		return 550, smtp.EnhancedCode{5, 6, 11}
	case fault.Content:
		return 550, smtp.EnhancedCode{5, 7, 1}
	case fault.Invalid:
		return 554, smtp.EnhancedCode{5, 6, 0}
	case fault.Busy:
		return 451, smtp.EnhancedCode{4, 7, 0}
	default: // Conflict, Ours, and what nobody classified: the peer keeps the mail
		return 451, smtp.EnhancedCode{4, 3, 0}
	}
}

// refusal turns an error into a reply. A reply made here in smtpd passes as it is.
func refusal(err error) *smtp.SMTPError {
	var made *smtp.SMTPError
	if errors.As(err, &made) {
		return made
	}
	code, enhanced := codes(fault.KindOf(err))
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: oneLine(fault.Public(err))}
}

// success is the reply to a mail that was accepted. go-smtp has a fixed text for nil, so it gets a 250 as an error.
func success(r Receipt) *smtp.SMTPError {
	text := r.Text
	if text == "" {
		text = "OK"
	}
	return &smtp.SMTPError{Code: 250, EnhancedCode: smtp.EnhancedCode{2, 0, 0}, Message: oneLine(text)}
}

// line writes a reply as it goes over the wire, without CRLF.
func line(e *smtp.SMTPError) string {
	return fmt.Sprintf("%d %d.%d.%d %s", e.Code, e.EnhancedCode[0], e.EnhancedCode[1], e.EnhancedCode[2], e.Message)
}

// oneLine makes a text fit for a reply line: printable ASCII, and within the 512 octets of RFC 5321 section 4.5.3.1.5.
func oneLine(s string) string {
	const most = 480
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r < ' ' || r > '~':
			return '?'
		}
		return r
	}, s)
	if len(s) > most {
		s = s[:most]
	}
	return s
}
