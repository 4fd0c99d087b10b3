package intake_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"smartmail/casework"
	"smartmail/mailauth"
	"smartmail/message"
)

// txt is a resolver that knows TXT records alone.
type txt map[string]string

func missing(name string) error {
	return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (z txt) LookupTXT(_ context.Context, name string) ([]string, error) {
	if s := z[strings.ToLower(strings.TrimSuffix(name, "."))]; s != "" {
		return []string{s}, nil
	}
	return nil, missing(name)
}

func (txt) LookupMX(_ context.Context, name string) ([]*net.MX, error) { return nil, missing(name) }
func (txt) LookupIPAddr(_ context.Context, name string) ([]net.IPAddr, error) {
	return nil, missing(name)
}
func (txt) LookupAddr(_ context.Context, name string) ([]string, error) { return nil, missing(name) }

// spoofs are mails in the name of admin@legitimate.com from 198.51.100.7, where attack.com may send and legitimate.com may not.
var spoofs = map[string]string{
	"plain":             "From: admin@legitimate.com\r\n",
	"two From lines":    "From: x@attack.com\r\nFrom: admin@legitimate.com\r\n",
	"two, the other":    "From: admin@legitimate.com\r\nFrom: x@attack.com\r\n",
	"two addresses":     "From: admin@legitimate.com, x@attack.com\r\n",
	"quoted":            "From: \"admin@legitimate.com\" <x@attack.com>\r\n",
	"comment":           "From: admin@legitimate.com (x@attack.com)\r\n",
	"route":             "From: <@attack.com:admin@legitimate.com>\r\n",
	"NUL":               "From: admin@legitimate.com\x00@attack.com\r\n",
	"encoded word":      "From: =?utf-8?q?admin=40legitimate=2Ecom?= <x@attack.com>\r\n",
	"encoded in angles": "From: <=?utf-8?q?admin=40legitimate=2Ecom?=@attack.com>\r\n",
	"folded":            "From:\r\n admin@legitimate.com\r\n",
	"space before":      "From : admin@legitimate.com\r\nFrom: x@attack.com\r\n",
	"group":             "From: staff: admin@legitimate.com;\r\n",
	"Sender":            "Sender: x@attack.com\r\nFrom: admin@legitimate.com\r\n",
	"two angles":        "From: <x@attack.com><admin@legitimate.com>\r\n",
	"case and dot":      "From: ADMIN@LEGITIMATE.COM.\r\n",
	"no domain":         "From: admin\r\n",
	"local with at":     "From: \"admin@legitimate.com\"@attack.com\r\n",
}

// Whoever has the address of a participant and may send for another domain is never taken for the participant.
func TestSpoofedMailIsNeverVerified(t *testing.T) {
	zone := txt{
		"legitimate.com": "v=spf1 ip4:192.0.2.1 -all", "_dmarc.legitimate.com": "v=DMARC1; p=none",
		"attack.com": "v=spf1 ip4:198.51.100.7 -all", "_dmarc.attack.com": "v=DMARC1; p=none", "helo.attack.com": "v=spf1 ip4:198.51.100.7 -all",
	}
	for name, from := range spoofs {
		t.Run(name, func(t *testing.T) {
			tryAsAdmin(t, zone, "x@attack.com", "helo.attack.com", from+"Subject: x\r\nMessage-ID: <1@attack.com>\r\n\r\nhi\r\n")
		})
	}
}

// The same with the published attacks, where their collection is at hand.
func TestPublishedSpoofsAreNeverVerified(t *testing.T) {
	names, err := filepath.Glob("../../shared/corpora/spoof-espoofer/*.json")
	if err != nil || len(names) == 0 {
		t.Skip("corpora not present")
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Helo     string                                 `json:"helo"`
			MailFrom string                                 `json:"mail_from_raw"`
			Mail     string                                 `json:"message_base64"`
			Zones    map[string]struct{ SPF, DMARC string } `json:"zones"`
		}
		if err := json.Unmarshal(b, &c); err != nil {
			t.Fatal(err)
		}
		zone := txt{}
		for domain, z := range c.Zones {
			zone[domain], zone["_dmarc."+domain] = z.SPF, strings.Replace(z.DMARC, "reject", "none", 1)
		}
		mail, err := base64.StdEncoding.DecodeString(c.Mail)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			tryAsAdmin(t, zone, strings.Trim(c.MailFrom, "<>"), c.Helo, string(mail))
		})
	}
}

// tryAsAdmin sends the mail to admin@legitimate.com's own address on a case and checks what it may do there.
func tryAsAdmin(t *testing.T, zone txt, reversePath, helo, mail string) {
	t.Helper()
	h := newHouse(t)
	c, err := h.desk.Open(t.Context(), "a", casework.Open{Subject: "x", Reporter: &casework.Reporter{Email: "admin@legitimate.com"}}, casework.Actor{Via: casework.ViaAPI})
	if err != nil {
		t.Fatal(err)
	}
	h.Auth = mailauth.New(mailauth.Options{Resolver: zone})
	_, err = h.Accept(t.Context(), message.Envelope{
		Recipients: []string{h.address("a", c.Number, 1)}, Protocol: "ESMTP", ReversePath: reversePath, Helo: helo, Client: netip.MustParseAddr("198.51.100.7"),
	}, message.InMemory(mail))
	if err != nil {
		return // refused: as good as not verified
	}
	in := h.mails("a", c.Number)[0]
	if in.MailIn.Sender == casework.Verified || casework.DefaultRights().May(in.MailIn.Sender, casework.MayCommand) {
		t.Errorf("sender is %s by %+v", in.MailIn.Sender, in.Mail.Auth)
	}
	now := h.caseOf("a", c.Number)
	if from := casework.Address(in.Mail.Content.From.Email); from != "admin@legitimate.com" && now.ShownTo("customer", in.Entry) {
		t.Errorf("a mail from %q is shown to others", from)
	}
}
