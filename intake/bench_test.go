package intake_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"smartmail/blobstore/files"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/intake"
	"smartmail/mailauth"
	"smartmail/message"
	"smartmail/threading"
)

// benchZone answers from memory, so that what is measured is ours.
type benchZone map[string]string

func (z benchZone) LookupTXT(_ context.Context, name string) ([]string, error) {
	if txt, ok := z[strings.TrimSuffix(name, ".")]; ok {
		return []string{txt}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (benchZone) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (benchZone) LookupIPAddr(_ context.Context, name string) ([]net.IPAddr, error) {
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (benchZone) LookupAddr(_ context.Context, addr string) ([]string, error) {
	return nil, &net.DNSError{Err: "no such host", Name: addr, IsNotFound: true}
}

// benchKey makes a domain's key, and the zone that publishes it.
func benchKey(b *testing.B) (*rsa.PrivateKey, benchZone) {
	b.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		b.Fatal(err)
	}
	return key, benchZone{
		"home.example":               "v=spf1 ip4:192.0.2.0/24 -all",
		"_dmarc.home.example":        "v=DMARC1; p=reject",
		"s1._domainkey.home.example": "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(public),
	}
}

// signedMails are mails of about that size, each with a Message-ID and a body of its own, and the zone that proves them.
func signedMails(b *testing.B, n, size int) ([][]byte, benchZone) {
	b.Helper()
	key, zone := benchKey(b)
	const line = "Hej! Packningen är bytt och kranen är tät igen, återkommer med pris på blandaren.\n"
	mails := make([][]byte, n)
	for i := range mails {
		text := fmt.Sprintf("Ärende %d.\n", i) + strings.Repeat(line, size/len(line))
		mail := letter("anna@home.example", "SV: Kran", fmt.Sprintf("bench-%d@home.example", i), "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n", text)
		var signed bytes.Buffer
		err := dkim.Sign(&signed, strings.NewReader(strings.ReplaceAll(mail, "\n", "\r\n")), &dkim.SignOptions{
			Domain: "home.example", Selector: "s1", Signer: key,
			HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		})
		if err != nil {
			b.Fatal(err)
		}
		mails[i] = signed.Bytes()
	}
	return mails, zone
}

// BenchmarkAccept takes mails in for 200 cases, each durable on its case before the next of its session.
func BenchmarkAccept(b *testing.B) {
	for _, sessions := range []int{1, 20, 100} {
		b.Run(fmt.Sprintf("4KiB/%d-sessions", sessions), func(b *testing.B) { benchAccept(b, sessions, 4<<10) })
	}
}

func benchAccept(b *testing.B, sessions, size int) {
	mails, zone := signedMails(b, b.N, size)
	h := newBenchHouse(b, zone)
	to := benchCases(b, h.desk, h.router)

	var next atomic.Int64
	h.commits.Store(0)
	h.updates.Store(0)
	b.SetParallelism(max(1, sessions/runtime.GOMAXPROCS(0)))
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := int(next.Add(1)) - 1
			env := message.Envelope{
				ReversePath: "anna@home.example", Recipients: []string{to[n*7919%len(to)]},
				Client: netip.MustParseAddr("192.0.2.1"), Helo: "mail.home.example", Protocol: "ESMTP",
			}
			if _, err := h.Accept(context.Background(), env, message.InMemory(mails[n])); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(h.updates.Load())/float64(h.commits.Load()), "mails/commit")
	h.mustHold(b, b.N)
}

// benchHouse is the way of a mail with all that belongs to it but the network.
type benchHouse struct {
	*intake.Intake
	dir              string
	desk             *desk.Desk
	router           *threading.Router
	commits, updates atomic.Int64
}

func newBenchHouse(b *testing.B, zone mailauth.Resolver) *benchHouse {
	b.Helper()
	h := &benchHouse{dir: b.TempDir()}
	store, err := boltstore.Open(filepath.Join(h.dir, "t.db"), boltstore.Options{OnCommit: func(batch, _ int, _ time.Duration) {
		h.commits.Add(1)
		h.updates.Add(int64(batch))
	}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	blobs, err := files.Open(filepath.Join(h.dir, "blobs"))
	if err != nil {
		b.Fatal(err)
	}
	keys := threading.NewKeyring(time.Now)
	h.router = threading.NewRouter(keys, "mx.a.example", []threading.Organisation{{ID: "a", Domain: "a.example"}})
	h.desk = desk.New(desk.Options{Store: store, Blobs: blobs, Keys: keys, Router: h.router, Orgs: []casework.OrgID{"a"}})
	if err := h.desk.LoadKeys(b.Context()); err != nil {
		b.Fatal(err)
	}
	h.Intake = intake.New(intake.Options{Hostname: "mx.a.example", Router: h.router, Auth: mailauth.New(mailauth.Options{Resolver: zone}), Desk: h.desk})
	return h
}

// mustHold fails the benchmark unless so many mails are stored, and well.
func (h *benchHouse) mustHold(b *testing.B, mails int) {
	b.Helper()
	v, err := h.desk.Verify(context.Background(), func(problem string) { b.Error("verify:", problem) })
	if err != nil || v.Mails != mails {
		b.Fatalf("%d mails went in, %d are stored: %v", mails, v.Mails, err)
	}
}

// benchCases opens cases that the sender has reported, and returns his address on each.
func benchCases(b *testing.B, d *desk.Desk, router *threading.Router) (to []string) {
	b.Helper()
	for range 200 {
		c, err := d.Open(b.Context(), "a", casework.Open{
			Subject: "Kran", Reporter: &casework.Reporter{Name: "Anna", Email: "anna@home.example"},
		}, casework.Actor{Via: casework.ViaRule, Name: "bench"})
		if err != nil {
			b.Fatal(err)
		}
		p, _, ok := c.ParticipantByMail("anna@home.example")
		if !ok {
			b.Fatal("the reporter takes no part in the case")
		}
		addr, err := router.Address("a", c.Number, p.No)
		if err != nil {
			b.Fatal(err)
		}
		to = append(to, addr)
	}
	return to
}
