package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strconv"
	"text/template"

	"smartmail/config"
	"smartmail/fault"
	"smartmail/inbox"
)

type demoCmd struct {
	SMTP string `default:"127.0.0.1:2525" placeholder:"HOST:PORT" help:"Where to take mail (default ${default})."`
	HTTP string `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where to serve the API (default ${default})."`
	Data string `default:"smartmail-demo" placeholder:"DIR" help:"Where to keep data (default ${default})."`
}

// Validate names the flag that is wrong; the configuration that is made of them would name a key that nobody wrote.
func (c *demoCmd) Validate() error {
	for _, f := range []struct{ flag, addr string }{{"--smtp", c.SMTP}, {"--http", c.HTTP}} {
		_, port, err := net.SplitHostPort(f.addr)
		if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil {
			return fmt.Errorf("%s: %q is no address and port such as 127.0.0.1:2525", f.flag, f.addr)
		}
	}
	return nil
}

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
		cfg.Relay.Smarthost.Address = "" // until the mailbox is there
	}
	return cfg, err
}

// Run starts the demo: sample cases with customers and suppliers, a mailbox for all of them, and what to try.
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
	box, err := openMailbox(ctx, cfg)
	if err != nil {
		l.close()
		return err
	}
	defer box.close() // last, so that what is sent until the end arrives
	svc, err := openService(ctx, cfg, logger(std.err), demoZone{})
	if fault.Is(err, fault.Conflict) {
		err = fmt.Errorf("%w: choose another folder with --data", err)
	}
	if err != nil {
		l.close()
		return err
	}
	svc.pages = box.pages()
	sample, err := prepareDemo(ctx, svc, cfg.DataDir)
	if err != nil {
		l.close()
		return errors.Join(err, svc.close())
	}
	token := "demo_" + rand.Text()
	sample.Token, sample.SMTP, sample.HTTP = token, l.smtp[0].Addr().String(), "http://"+l.http.Addr().String()
	sample.Mailbox = inbox.Path
	if err := demoText.Execute(std.out, sample); err != nil {
		l.close()
		return errors.Join(err, svc.close())
	}
	return errors.Join(svc.run(ctx, l, token), svc.close())
}

var demoText = template.Must(template.New("demo").Parse(`SmartMail demo: everything runs in this process, data is kept in {{.Data}}

  SMTP     {{.SMTP}}
  API      {{.HTTP}}   (OpenAPI: {{.HTTP}}/api/v1/openapi.json)
  token    {{.Token}}
  mailbox  {{.HTTP}}{{.Mailbox}}   (open it in a browser: all mail that the demo sends comes here)

Case {{.Case}} "Droppande kran i köket" has these addresses:

  supplier  {{.Supplier}}  answers to  {{.SupplierAddress}}
  customer  {{.Customer}}      answers to  {{.CustomerAddress}}
  a new fault goes to {{.Intake}}

Try it from another terminal. The supplier answers by mail (again: the same mail is not stored twice):

  curl --url smtp://{{.SMTP}} --mail-from {{.Supplier}} --mail-rcpt {{.SupplierAddress}} --upload-file '{{.File}}'

The case's timeline:

  curl -s -H 'Authorization: Bearer {{.Token}}' '{{.HTTP}}/api/v1/cases/{{.Case}}/entries'

The picture that he attached, as {{.Data}}/kran.png:

  curl -s -o '{{.Data}}/kran.png' -H 'Authorization: Bearer {{.Token}}' "{{.HTTP}}/api/v1/attachments/$(curl -s -H 'Authorization: Bearer {{.Token}}' '{{.HTTP}}/api/v1/cases/{{.Case}}/entries' | grep -o '"id":"[^"]*-0"' | tail -n 1 | cut -d'"' -f4)"

Stop with Ctrl-C.

`))
