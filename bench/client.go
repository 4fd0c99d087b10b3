package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
)

// client speaks as much SMTP as a load needs, at little cost.
type client struct {
	conn  net.Conn
	unbid func() bool // a context that ends no longer closes the connection
	in    *bufio.Reader
	out   []byte
}

// dial connects and says hello. The connection ends with ctx.
func dial(ctx context.Context, addr string) (*client, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn, in: bufio.NewReader(conn)}
	c.unbid = context.AfterFunc(ctx, func() { _ = conn.Close() })
	if err = c.expect('2'); err == nil {
		err = c.command("EHLO "+senderDomain+"\r\n", '2')
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *client) close() {
	c.unbid()
	_ = c.conn.Close()
}

func (c *client) quit() error {
	defer c.close()
	return c.command("QUIT\r\n", '2')
}

func (c *client) command(line string, class byte) error {
	if _, err := c.conn.Write([]byte(line)); err != nil {
		return err
	}
	return c.expect(class)
}

// expect reads one reply of one or more lines.
func (c *client) expect(class byte) error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("read reply: %w", err)
		}
		if len(line) < 4 || line[0] != class {
			return fmt.Errorf("unexpected reply: %s", bytes.TrimSpace(line))
		}
		if line[3] != '-' {
			return nil
		}
	}
}

var endOfData = []byte(".\r\n")

// send gives one mail, which has no line that begins with a dot, and waits for the answer to it.
func (c *client) send(from, to string, m mail, pipeline bool) error {
	steps := []string{"MAIL FROM:<" + from + ">\r\n", "RCPT TO:<" + to + ">\r\n", "DATA\r\n"}
	if pipeline {
		c.out = append(c.out[:0], strings.Join(steps, "")...)
		if _, err := c.conn.Write(c.out); err != nil {
			return err
		}
		for _, class := range "223" {
			if err := c.expect(byte(class)); err != nil {
				return err
			}
		}
	} else {
		for i, s := range steps {
			if err := c.command(s, "223"[i]); err != nil {
				return err
			}
		}
	}
	buffers := net.Buffers{m.head, m.tail, endOfData}
	if _, err := buffers.WriteTo(c.conn); err != nil {
		return err
	}
	return c.expect('2')
}
