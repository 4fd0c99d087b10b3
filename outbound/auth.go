package outbound

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
)

// login proves who we are to the smarthost: AUTH PLAIN (RFC 4616), or LOGIN where that alone is offered. A failure is trouble of
// ours and not of the mail, which waits.
func (c *session) login(h *Smarthost) error {
	if !c.private() {
		return c.trouble(errors.New("AUTH: the password is not sent without TLS"))
	}
	password, err := h.Password()
	if err != nil {
		return c.trouble(fmt.Errorf("AUTH: %w", err))
	}
	encode := base64.StdEncoding.EncodeToString
	var lines []string
	switch offered := strings.Fields(c.ext["AUTH"]); {
	case slices.Contains(offered, "PLAIN"):
		lines = []string{"AUTH PLAIN " + encode([]byte("\x00"+h.Username+"\x00"+password))}
	case slices.Contains(offered, "LOGIN"):
		lines = []string{"AUTH LOGIN", encode([]byte(h.Username)), encode([]byte(password))}
	default:
		return c.trouble(errors.New("AUTH: neither PLAIN nor LOGIN is offered"))
	}
	for i, line := range lines {
		got, err := c.command(line)
		if err != nil {
			return err
		}
		if want := map[bool]int{true: 235, false: 334}[i == len(lines)-1]; got.code != want {
			return c.trouble(errors.New("AUTH is refused: " + got.String()))
		}
	}
	return nil
}

// private reports whether nobody on the way can read what is said.
func (c *session) private() bool {
	if _, ok := c.conn.(*tls.Conn); ok {
		return true
	}
	addr, ok := c.conn.RemoteAddr().(*net.TCPAddr)
	return ok && addr.IP.IsLoopback()
}
