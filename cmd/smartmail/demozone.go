package main

import (
	"context"
	"net"
)

// demoZone is the DNS of the demo, which asks nobody: mail from this machine in the name of the sample customer or the
// sample supplier passes SPF and DMARC, and every other domain publishes nothing.
type demoZone struct{}

func (demoZone) txt(name string) string {
	switch name {
	case "rorservice.example.net", "boende.example.com":
		return "v=spf1 ip4:127.0.0.0/8 ip6:::1 -all"
	case "_dmarc.rorservice.example.net", "_dmarc.boende.example.com":
		return "v=DMARC1; p=none"
	default:
		return ""
	}
}

func notFound(name string) error {
	return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// LookupTXT implements mailauth.Resolver.
func (z demoZone) LookupTXT(_ context.Context, name string) ([]string, error) {
	if s := z.txt(trimDot(name)); s != "" {
		return []string{s}, nil
	}
	return nil, notFound(name)
}

func trimDot(name string) string {
	if n := len(name); n > 0 && name[n-1] == '.' {
		return name[:n-1]
	}
	return name
}

// LookupMX implements mailauth.Resolver.
func (demoZone) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	return nil, notFound(name)
}

// LookupIPAddr implements mailauth.Resolver.
func (demoZone) LookupIPAddr(_ context.Context, name string) ([]net.IPAddr, error) {
	return nil, notFound(name)
}

// LookupAddr implements mailauth.Resolver.
func (demoZone) LookupAddr(_ context.Context, addr string) ([]string, error) {
	return nil, notFound(addr)
}
