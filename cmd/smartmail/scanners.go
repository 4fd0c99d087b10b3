package main

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"smartmail/config"
	"smartmail/intake"
	"smartmail/scan"
)

// scanners wires the scanners that are set up; nil where there are none.
func scanners(c config.Scan, log *slog.Logger) (intake.Scanner, error) {
	if c.Rspamd == nil && c.Clamd == nil {
		return nil, nil
	}
	down := map[string]scan.Down{"accept": scan.Accept, "defer": scan.Defer}
	o := scan.Options{MaxBytes: c.MaxBytes, Log: log}
	if r := c.Rspamd; r != nil {
		o.Rspamd = &scan.Rspamd{
			URL: r.URL, Mark: r.Mark, Triage: r.Triage, Reject: r.Reject, Down: down[r.Down], Timeout: time.Duration(r.Timeout),
		}
		if r.PasswordFile != "" {
			b, err := os.ReadFile(r.PasswordFile)
			if err != nil {
				return nil, fmt.Errorf("password of rspamd: %w", err)
			}
			o.Rspamd.Password = strings.TrimSpace(string(b))
		}
	}
	if v := c.Clamd; v != nil {
		found, err := scan.ParseAction(v.Found)
		if err != nil {
			return nil, err
		}
		o.Clamd = &scan.Clamd{Address: v.Address, Found: found, Down: down[v.Down], Timeout: time.Duration(v.Timeout)}
	}
	return scan.New(o)
}
