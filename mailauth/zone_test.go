package mailauth

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"
)

// zone is a resolver over maps, by lower-case names without the last dot. A name in none of them does not exist.
type zone struct {
	txt   map[string][]string
	ip    map[string][]string
	mx    map[string][]*net.MX
	ptr   map[string][]string // by address
	alias map[string]string
	down  map[string]bool // names for which the DNS is out of order
}

func newZone() *zone {
	return &zone{
		txt: map[string][]string{}, ip: map[string][]string{}, mx: map[string][]*net.MX{}, ptr: map[string][]string{},
		alias: map[string]string{}, down: map[string]bool{},
	}
}

// find follows aliases and tells trouble.
func (z *zone) find(ctx context.Context, name string) (string, error) {
	key := strings.ToLower(strings.TrimSuffix(name, "."))
	for range 8 {
		if ctx.Err() != nil || z.down[key] {
			return "", &net.DNSError{Err: "out of order", Name: name, IsTemporary: true}
		}
		for label := range strings.SplitSeq(key, ".") {
			if label == "" || len(label) > 63 {
				return "", &net.DNSError{Err: "not a name", Name: name, IsNotFound: true}
			}
		}
		target, ok := z.alias[key]
		if !ok {
			return key, nil
		}
		key = target
	}
	return "", &net.DNSError{Err: "loop", Name: name, IsNotFound: true}
}

func get[T any](ctx context.Context, z *zone, m map[string][]T, name string) ([]T, error) {
	key, err := z.find(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(m[key]) == 0 {
		return nil, &net.DNSError{Err: "no such thing", Name: name, IsNotFound: true}
	}
	return m[key], nil
}

func (z *zone) LookupTXT(ctx context.Context, name string) ([]string, error) {
	return get(ctx, z, z.txt, name)
}

func (z *zone) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	return get(ctx, z, z.mx, name)
}

func (z *zone) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	ips, err := get(ctx, z, z.ip, host)
	var out []net.IPAddr
	for _, ip := range ips {
		out = append(out, net.IPAddr{IP: net.ParseIP(ip)})
	}
	return out, err
}

func (z *zone) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	if names, ok := z.ptr[addr]; ok {
		return names, nil
	}
	return nil, &net.DNSError{Err: "no such name", Name: addr, IsNotFound: true}
}

// rawMail makes raw mail of text with either line end.
func rawMail(text string) *bytes.Reader {
	return bytes.NewReader(crlf([]byte(text)))
}

// crlf gives text the line ends that SMTP has.
func crlf(text []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
}

func mustHeader(t testing.TB, text string) header {
	t.Helper()
	h, err := readHeader(bytes.NewReader([]byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	return h
}
