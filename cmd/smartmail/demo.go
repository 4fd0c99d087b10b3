package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"smartmail/casework"
	"smartmail/config"
	"smartmail/desk"
)

type demoCmd struct {
	SMTP string `default:"127.0.0.1:2525" placeholder:"HOST:PORT" help:"Where to take mail (default ${default})."`
	HTTP string `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where to serve the API (default ${default})."`
	Data string `default:"smartmail-demo" placeholder:"DIR" help:"Where to keep data (default ${default})."`
}

// The sample organisation and its people.
const (
	demoOrg      = "demo"
	demoDomain   = "arende.example.org"
	demoSupplier = "jour@rorservice.example.net"
	demoCustomer = "anna@boende.example.com"
)

func (c *demoCmd) config() (*config.Config, error) {
	cfg, err := config.Parse("demo", fmt.Appendf(nil, `
data_dir: %q
smtp: {listen: [%q], hostname: mx.example.org}
http: {listen: %q}
organisations:
  - id: demo
    name: Demo Bostad AB
    domain: arende.example.org
    intake: [{address: felanmalan@arende.example.org, class: fault}]
`, c.Data, c.SMTP, c.HTTP))
	if err == nil {
		cfg.Relay.Smarthost.Address = "" // the sample's people get no mail: it stays in the outbox, to be looked at
	}
	return cfg, err
}

// Run starts the demo: a sample case with a customer and a supplier, and what to try on it.
func (c *demoCmd) Run(ctx context.Context, std streams) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	// The ports come first: a second demo should hear of them and not of the store that the first one holds.
	l, err := listen(ctx, cfg.SMTP.Listen, cfg.HTTP.Listen, func(kind string) string {
		return map[string]string{"SMTP": "--smtp 127.0.0.1:2526", "HTTP": "--http 127.0.0.1:8081"}[kind]
	})
	if err != nil {
		return err
	}
	svc, err := openService(ctx, cfg, logger(std.err), demoZone{})
	if err != nil {
		l.close()
		return err
	}
	sample, err := prepareDemo(ctx, svc, cfg.DataDir)
	if err != nil {
		l.close()
		return errors.Join(err, svc.close())
	}
	token := "demo_" + rand.Text()
	sample.Token, sample.SMTP, sample.HTTP = token, l.smtp[0].Addr().String(), "http://"+l.http.Addr().String()
	if err := demoText.Execute(std.out, sample); err != nil {
		l.close()
		return errors.Join(err, svc.close())
	}
	return errors.Join(svc.run(ctx, l, token), svc.close())
}

// demoSample is what the demo prints.
type demoSample struct {
	SMTP, HTTP, Token, Data string
	Intake                  string
	Case                    casework.CaseNumber
	Supplier, Customer      string // their mail addresses
	SupplierAddress         string // the supplier's own reply address on the case
	CustomerAddress         string
	File                    string
}

// prepareDemo makes the sample case on the first run and finds it again on later ones.
func prepareDemo(ctx context.Context, svc *service, dir string) (*demoSample, error) {
	me := casework.Actor{Via: casework.ViaRule, Name: "demo"}
	found, err := svc.desk.Cases(ctx, demoOrg, desk.CaseFilter{ByNumber: true, Oldest: true}, nil, 1)
	if err != nil {
		return nil, err
	}
	var c casework.Case
	if len(found.Items) > 0 {
		c = found.Items[0]
	} else {
		c, err = svc.desk.Open(ctx, demoOrg, casework.Open{
			Subject: "Droppande kran i köket", Class: "VVS > Blandare", Priority: "7", Object: "Storgatan 12, lgh 1203",
			Description: "Kranen i köket droppar sedan i går kväll. Huvudnyckel får användas, katt hemma.",
			Reporter:    &casework.Reporter{Name: "Anna Andersson", Email: demoCustomer, Phone: "070-000 00 00", Language: "sv"},
		}, me)
		if err != nil {
			return nil, err
		}
		c, _, err = svc.desk.Do(ctx, demoOrg, c.Number, casework.Order{
			Name: "Rörservice AB", Email: demoSupplier,
			MailOut: casework.MailOut{Text: "Byt packning eller blandare. Huvudnyckel hos oss, katt hemma.", PriceCap: 250000},
		}, me, 0)
		if err != nil {
			return nil, err
		}
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

var demoText = template.Must(template.New("demo").Parse(`SmartMail demo: everything runs in this process, data is kept in {{.Data}}

  SMTP   {{.SMTP}}
  API    {{.HTTP}}   (OpenAPI: {{.HTTP}}/api/v1/openapi.json)
  token  {{.Token}}

Case {{.Case}} "Droppande kran i köket" has these addresses:

  supplier  {{.Supplier}}  answers to  {{.SupplierAddress}}
  customer  {{.Customer}}      answers to  {{.CustomerAddress}}
  a new fault goes to {{.Intake}}

Try it from another terminal. The supplier answers by mail (again: the same mail is not stored twice):

  curl --url smtp://{{.SMTP}} --mail-from {{.Supplier}} --mail-rcpt {{.SupplierAddress}} --upload-file '{{.File}}'

The case's timeline:

  curl -s -H 'Authorization: Bearer {{.Token}}' '{{.HTTP}}/api/v1/cases/{{.Case}}/entries'

The picture that he attached:

  curl -s -o kran.png -H 'Authorization: Bearer {{.Token}}' "{{.HTTP}}/api/v1/attachments/$(curl -s -H 'Authorization: Bearer {{.Token}}' '{{.HTTP}}/api/v1/cases/{{.Case}}/entries' | grep -o '"id":"[^"]*-0"' | tail -n 1 | cut -d'"' -f4)"

Or with swaks:  swaks --server {{.SMTP}} --from {{.Supplier}} --to {{.SupplierAddress}} --body 'KLAR'
Stop with Ctrl-C.

`))
