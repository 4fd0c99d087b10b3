package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/sample"
	"smartmail/search"
)

// The sample organisation, and the people of its first case.
const (
	demoOrg      = "demo"
	demoSupplier = "jour@rorservice.example.net"
	demoCustomer = "anna@boende.example.com"
)

// demoSample is what the demo prints.
type demoSample struct {
	SMTP, HTTP, Token, Data string
	Mailbox                 string // path of the pages
	Intake                  string
	Case                    casework.CaseNumber
	Supplier, Customer      string // their mail addresses
	SupplierAddress         string // the supplier's own reply address on the case
	CustomerAddress         string
	File                    string
}

// prepareDemo makes the sample cases on the first run and finds them again on later ones.
func prepareDemo(ctx context.Context, svc *service, dir string) (*demoSample, error) {
	found, err := svc.desk.Cases(ctx, demoOrg, desk.CaseFilter{Query: search.Query{ByNumber: true, Oldest: true}}, nil, 1)
	if err != nil {
		return nil, err
	}
	if len(found.Items) == 0 {
		if err := enterDemo(ctx, svc.desk); err != nil {
			return nil, err
		}
		if err := openSamples(ctx, svc.desk); err != nil {
			return nil, err
		}
		if err := sample.Write(ctx, svc.desk.Options, demoOrg, sample.New(demoSeed, sample.Small(), svc.desk.Now()), nil); err != nil {
			return nil, err
		}
	}
	c, err := svc.desk.Case(ctx, demoOrg, 1)
	if err != nil {
		return nil, err
	}
	s := &demoSample{Case: c.Number, Data: dir, Intake: svc.cfg.Organisations[0].Intake[0].Address, Supplier: demoSupplier, Customer: demoCustomer}
	for mail, to := range map[string]*string{demoSupplier: &s.SupplierAddress, demoCustomer: &s.CustomerAddress} {
		p, _, ok := c.ParticipantByMail(mail)
		if !ok {
			return nil, fmt.Errorf("case %d in %s is not the demo's: choose another folder with --data", c.Number, dir)
		}
		if *to, err = svc.router.Address(demoOrg, c.Number, p.No); err != nil {
			return nil, err
		}
	}
	s.File = filepath.Join(dir, "svar.eml")
	return s, os.WriteFile(s.File, []byte(strings.ReplaceAll(fmt.Sprintf(demoReply, s.SupplierAddress), "\n", "\r\n")), 0o600)
}

// openSamples opens the sample cases, in the order of their numbers, and does on each what has been done so far.
func openSamples(ctx context.Context, d *desk.Desk) error {
	me := casework.Actor{Via: casework.ViaRule, Name: "demo"}
	for _, one := range demoCases {
		c, err := d.Open(ctx, demoOrg, one.open, me)
		if err != nil {
			return err
		}
		for _, cmd := range one.then {
			if _, _, err := d.Do(ctx, demoOrg, c.Number, cmd, me, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// demoCases are the sample's cases: objects of three kinds, tenants, suppliers, and every stage of the work. The first one is what
// the printed commands are about.
var demoCases = []struct {
	open casework.Open
	then []casework.Command
}{
	{casework.Open{
		Subject: "Droppande kran i köket", Class: "VVS > Blandare", Priority: "7", Object: "Storgatan-12-lgh-1203",
		Description: "Kranen i köket droppar sedan i går kväll. Huvudnyckel får användas, katt hemma.",
		Reporter:    &casework.Reporter{Name: "Anna Andersson", Email: demoCustomer, Phone: "070-000 00 00", Language: "sv"},
	}, []casework.Command{casework.Order{
		Name: "Rörservice AB", Email: demoSupplier,
		MailOut: casework.MailOut{Text: "Byt packning eller blandare. Huvudnyckel hos oss, katt hemma.", PriceCap: 250000},
	}}},
	{casework.Open{
		Subject: "Ljuset i trapphuset fungerar inte", Class: "El > Belysning", Priority: "1", Object: "Storgatan-14-trapphus-B",
		Description: "Det är mörkt från entrén upp till plan 3.",
		Reporter:    &casework.Reporter{Name: "Bengt Berg", Email: "bengt@boende.example.com", Phone: "070-000 00 01", Language: "sv"},
	}, nil},
	{casework.Open{
		Subject: "The washing machine leaves water on the floor", Class: "Tvättstuga > Maskin", Priority: "5", Object: "Parkvagen-3-tvattstuga",
		Description: "Machine 2. I have put the sign \"out of order\" on it.",
		Reporter:    &casework.Reporter{Name: "Carol Chen", Email: "carol@boende.example.com", Phone: "070-000 00 02", Language: "en"},
	}, []casework.Command{casework.Post{Lane: casework.LaneID(casework.LaneCustomer), Text: "Thank you, Carol. A technician looks at machine 2 tomorrow morning; machines 1 and 3 can be used."}}},
	{casework.Open{
		Subject: "Porttelefonen är stum", Class: "El > Porttelefon", Priority: "10", Object: "Parkvagen-3-entre",
		Description: "Det ringer, men ingen hörs.",
		Reporter:    &casework.Reporter{Name: "David Dahl", Email: "david@boende.example.com", Phone: "070-000 00 03", Language: "sv"},
	}, []casework.Command{casework.Order{
		Name: "Elkraft AB", Email: "order@elkraft.example.net", MailOut: casework.MailOut{Text: "Felsök porttelefonen och lämna pris på byte.", Quote: true},
	}}},
}

// demoReply is a supplier's answer as a phone writes it, with a picture of 8 by 8 pixels.
const demoReply = `From: =?UTF-8?Q?R=C3=B6rservice_AB?= <jour@rorservice.example.net>
To: <%s>
Subject: SV: Droppande kran i =?UTF-8?B?a8O2a2V0?=
Date: Tue, 24 Nov 2026 09:12:00 +0100
Message-ID: <demo-svar-1@rorservice.example.net>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="demo"

--demo
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Hej! Packningen är bytt, kranen är tät igen. Bild bifogas.
KLAR, tid 1,5 h, material 1 st packning à 45 kr.

> Den 23 nov. 2026 skrev Demo Bostad AB:
> Byt packning eller blandare. Huvudnyckel hos oss, katt hemma.

--demo
Content-Type: image/png; name="kran.png"
Content-Disposition: attachment; filename="kran.png"
Content-Transfer-Encoding: base64

iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEElEQVR4nGNgqDiBHQ0tCQAQmVAB
0ge6SQAAAABJRU5ErkJggg==
--demo--
`
