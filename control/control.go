// Package control is how the program speaks with its own running instance on the same machine: over a socket in the data
// folder, which only its owner may open, instead of a second process at the same store.
//
//	smartmail verify, replay, import, import-register → Client → unix socket (mode 0600) → Server → the running service
//
// Invariants:
//   - Who may open the data folder may use the socket; nobody else can.
//   - An answer ends with its outcome, so that a torn connection is never taken for success.
package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// socketName is the socket's file in the data folder.
const socketName = "control.sock"

// Service is what the running instance does when asked.
type Service interface {
	// Verify reports every fault in a line and then a summary.
	Verify(ctx context.Context, report func(problem string)) (summary string, err error)
	// Replay reports each mail that is read another way today, and with apply tells so on its cases.
	Replay(ctx context.Context, org string, apply bool, report func(line string)) (summary string, err error)
	// Import takes one mail in and returns what SMTP would be told, and whether the mail was there already.
	Import(ctx context.Context, org string, raw []byte) (reply string, again bool, err error)
	// Reindex has all that is derived made anew, and does not wait for it.
	Reindex(ctx context.Context) (summary string, err error)
	// Backup writes a copy of the store, without the blobs of which earlier has the sum. One that was broken off lacks its end.
	Backup(ctx context.Context, earlier map[string]string, w io.Writer) error
	// ImportRegister takes a sheet of an organisation's register in. It reports each bad row and how far it has come.
	ImportRegister(ctx context.Context, job RegisterImport, report func(badRow string), progress func(done, total int)) (summary string, err error)
	// Token makes an API token for an organisation and returns its secret.
	Token(ctx context.Context, org, name, role string) (secret string, err error)
}

// RegisterImport is what a register's sheet is taken in with.
type RegisterImport struct {
	Org, Kind                            string
	DryRun, AllOrNothing, ArchiveMissing bool
	File                                 []byte
}

// maxSheet bounds a register's sheet, in bytes.
const maxSheet = 256 << 20

// line is one line of an answer; the last one has Done or Error.
type line struct {
	Problem string `json:"problem,omitempty"`
	Step    int    `json:"step,omitempty"` // of so many
	Of      int    `json:"of,omitempty"`
	Done    string `json:"done,omitempty"`
	Again   bool   `json:"again,omitempty"` // of an import: the mail was there already
	Error   string `json:"error,omitempty"`
}

// Listen opens the socket in the data folder. A socket that a dead process left is removed: the caller holds the
// store's lock, so nobody else is behind it.
func Listen(dataDir string) (net.Listener, error) {
	path := filepath.Join(dataDir, socketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("control socket: %w", err), l.Close())
	}
	return l, nil
}

// Handler serves a Service on the socket. limit is the most bytes that an imported mail may have.
func Handler(s Service, limit int64) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /verify", func(w http.ResponseWriter, r *http.Request) {
		enc := json.NewEncoder(w)
		summary, err := s.Verify(r.Context(), func(problem string) { _ = enc.Encode(line{Problem: problem}) }) // a reader that went away ends r's context
		finish(enc, line{Done: summary}, err)
	})
	mux.HandleFunc("POST /replay", func(w http.ResponseWriter, r *http.Request) {
		enc, q := json.NewEncoder(w), r.URL.Query()
		summary, err := s.Replay(r.Context(), q.Get("org"), q.Get("apply") == "true", func(l string) { _ = enc.Encode(line{Problem: l}) })
		finish(enc, line{Done: summary}, err)
	})
	mux.HandleFunc("POST /import", func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
		l := line{}
		if err == nil {
			l.Done, l.Again, err = s.Import(r.Context(), r.URL.Query().Get("org"), raw)
		}
		finish(json.NewEncoder(w), l, err)
	})
	mux.HandleFunc("POST /reindex", func(w http.ResponseWriter, r *http.Request) {
		summary, err := s.Reindex(r.Context())
		finish(json.NewEncoder(w), line{Done: summary}, err)
	})
	mux.HandleFunc("POST /backup", func(w http.ResponseWriter, r *http.Request) {
		var earlier map[string]string
		err := json.NewDecoder(r.Body).Decode(&earlier)
		if err == nil {
			err = s.Backup(r.Context(), earlier, w)
		}
		if err != nil {
			panic(http.ErrAbortHandler) // the service has logged why; a torn answer is no copy
		}
	})
	mux.HandleFunc("POST /register", func(w http.ResponseWriter, r *http.Request) {
		enc, q := json.NewEncoder(w), r.URL.Query()
		l := line{}
		file, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSheet))
		if err == nil {
			l.Done, err = s.ImportRegister(r.Context(), RegisterImport{
				Org: q.Get("org"), Kind: q.Get("kind"), File: file,
				DryRun: q.Get("dry_run") == "true", AllOrNothing: q.Get("all_or_nothing") == "true", ArchiveMissing: q.Get("archive_missing") == "true",
			}, func(row string) { _ = enc.Encode(line{Problem: row}) }, func(done, total int) {
				_ = enc.Encode(line{Step: done, Of: total})
				_ = http.NewResponseController(w).Flush() // else the bar stands still
			})
		}
		finish(enc, l, err)
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		secret, err := s.Token(r.Context(), q.Get("org"), q.Get("name"), q.Get("role"))
		finish(json.NewEncoder(w), line{Done: secret}, err)
	})
	return mux
}

func finish(enc *json.Encoder, l line, err error) {
	if err != nil {
		l = line{Error: err.Error()}
	}
	_ = enc.Encode(l) // a reader that went away needs no answer
}

// Client speaks with the instance that runs on a data folder.
type Client struct{ http http.Client }

// Dial returns a client if an instance runs on the data folder, and false if none does.
func Dial(dataDir string) (*Client, bool) {
	path := filepath.Join(dataDir, socketName)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, false
	}
	_ = c.Close() // it only showed that somebody answers
	return &Client{http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}}, true
}

// Verify implements Service through the running instance.
func (c *Client) Verify(ctx context.Context, report func(string)) (string, error) {
	l, err := c.call(ctx, "verify", nil, report)
	return l.Done, err
}

// Replay implements Service through the running instance.
func (c *Client) Replay(ctx context.Context, org string, apply bool, report func(string)) (string, error) {
	l, err := c.call(ctx, fmt.Sprintf("replay?org=%s&apply=%t", url.QueryEscape(org), apply), nil, report)
	return l.Done, err
}

// Import implements Service through the running instance.
func (c *Client) Import(ctx context.Context, org string, raw []byte) (reply string, again bool, err error) {
	l, err := c.call(ctx, "import?org="+url.QueryEscape(org), raw, func(string) {})
	return l.Done, l.Again, err
}

// Reindex implements Service through the running instance.
func (c *Client) Reindex(ctx context.Context) (string, error) {
	l, err := c.call(ctx, "reindex", nil, func(string) {})
	return l.Done, err
}

// Backup implements Service through the running instance.
func (c *Client) Backup(ctx context.Context, earlier map[string]string, w io.Writer) error {
	body, err := json.Marshal(earlier)
	if err != nil {
		return fmt.Errorf("control: %w", err)
	}
	resp, err := c.post(ctx, "backup", body)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // read only
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("control: the running instance broke off, its log says why: %w", err)
	}
	return nil
}

// ImportRegister implements Service through the running instance.
func (c *Client) ImportRegister(ctx context.Context, job RegisterImport, report func(string), progress func(done, total int)) (string, error) {
	q := url.Values{"org": {job.Org}, "kind": {job.Kind}}
	for name, on := range map[string]bool{"dry_run": job.DryRun, "all_or_nothing": job.AllOrNothing, "archive_missing": job.ArchiveMissing} {
		q.Set(name, strconv.FormatBool(on))
	}
	l, err := c.follow(ctx, "register?"+q.Encode(), job.File, report, progress)
	return l.Done, err
}

// Token implements Service through the running instance.
func (c *Client) Token(ctx context.Context, org, name, role string) (string, error) {
	q := url.Values{"org": {org}, "name": {name}, "role": {role}}
	l, err := c.call(ctx, "token?"+q.Encode(), nil, func(string) {})
	return l.Done, err
}

func (c *Client) post(ctx context.Context, what string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://smartmail/"+what, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	return resp, nil
}

func (c *Client) call(ctx context.Context, what string, body []byte, report func(string)) (line, error) {
	return c.follow(ctx, what, body, report, func(int, int) {})
}

// follow is call for what tells how far it has come.
func (c *Client) follow(ctx context.Context, what string, body []byte, report func(string), progress func(done, total int)) (line, error) {
	resp, err := c.post(ctx, what, body)
	if err != nil {
		return line{}, err
	}
	defer func() { _ = resp.Body.Close() }() // read only
	dec := json.NewDecoder(bufio.NewReader(resp.Body))
	for {
		var l line
		if err := dec.Decode(&l); err != nil {
			return line{}, fmt.Errorf("control: the running instance broke off: %w", err)
		}
		switch {
		case l.Problem != "":
			report(l.Problem)
		case l.Of > 0:
			progress(l.Step, l.Of)
		case l.Error != "":
			return line{}, errors.New(l.Error)
		default:
			return l, nil
		}
	}
}
