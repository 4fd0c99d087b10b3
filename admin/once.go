package admin

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"smartmail/casework"
	"smartmail/fault"
)

// Answers keeps what calls were answered.
type Answers interface {
	ReserveAnswer(ctx context.Context, a casework.Answer) (casework.Answer, error)
	KeepAnswer(ctx context.Context, a casework.Answer) error
	DropAnswer(ctx context.Context, a casework.Answer) error
}

const (
	keyHeader = "Idempotency-Key"
	maxKeys   = 10_000   // that a token may use at once, and again in a day
	maxKept   = 64 << 10 // bytes of an answer that is kept
	keepTime  = 10 * time.Second
)

// keyRE is what a key may be.
var keyRE = regexp.MustCompile(`^[!-~]{1,255}$`)

// keyParam describes the header.
func keyParam() *huma.Param {
	return &huma.Param{
		Name: keyHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString, Pattern: keyRE.String()},
		Description: "Chosen by the caller, another one for each request. The same request with the same key again within 24 hours is not carried out again, but " +
			"answered as before, with Idempotent-Replayed: true. 409: it is under way; 422: the key was another request's.",
	}
}

// answered is an answer as it is kept.
type answered struct {
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
}

// once carries a request with a key out once.
func (s *server) once(ctx huma.Context, next func(huma.Context)) {
	who, key := callerOf(ctx.Context()), ctx.Header(keyHeader)
	if ctx.Method() != http.MethodPost || key == "" || who.token == "" {
		next(ctx)
		return
	}
	if !keyRE.MatchString(key) {
		s.refuse(ctx, fault.New(fault.Invalid, "an Idempotency-Key is 1 to 255 printable characters of ASCII"))
		return
	}
	if wait := s.keys.Wait(who.token); wait > 0 {
		s.refuse(ctx, slowDown(wait))
		return
	}
	asked, err := fingerprint(ctx)
	if err != nil {
		s.refuse(ctx, err)
		return
	}
	a, err := s.House.ReserveAnswer(ctx.Context(), casework.Answer{Token: who.token, Key: key, Request: asked})
	switch {
	case err != nil:
		s.refuse(ctx, err)
	case a.Done:
		s.replay(ctx, who, a)
	default:
		s.keys.Count(who.token)
		s.carryOut(ctx, who, a, next)
	}
}

// fingerprint is the hash of what is asked. The body is read for it, and put back.
func fingerprint(ctx huma.Context) ([]byte, error) {
	r, op := humagin.Unwrap(ctx).Request, ctx.Operation()
	h := sha256.New()
	for _, part := range []string{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Get("Content-Type")} {
		h.Write(fmt.Appendf(nil, "%d %s\n", len(part), part))
	}
	if r.Body == nil || op.RequestBody == nil {
		return h.Sum(nil), nil
	}
	_ = ctx.SetReadDeadline(time.Now().Add(op.BodyReadTimeout)) // where there is none, the server's own holds
	body, err := io.ReadAll(io.LimitReader(r.Body, op.MaxBodyBytes+1))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "the request was cut off", err)
	}
	if int64(len(body)) > op.MaxBodyBytes {
		return nil, fault.New(fault.TooBig, fmt.Sprintf("the request is larger than %d bytes", op.MaxBodyBytes))
	}
	h.Write(body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return h.Sum(nil), nil
}

// carryOut lets the call happen and keeps its answer. What failed for a reason that may pass is not kept: it may be tried again.
func (s *server) carryOut(ctx huma.Context, who caller, a casework.Answer, next func(huma.Context)) {
	c := humagin.Unwrap(ctx)
	w := &copied{ResponseWriter: c.Writer}
	c.Writer = w
	passing := true // until it is known better: also where the call panics
	defer func() {
		c.Writer = w.ResponseWriter
		keep, cancel := context.WithTimeout(context.WithoutCancel(ctx.Context()), keepTime) // whoever has left may come back
		defer cancel()
		var err error
		if passing {
			err = s.House.DropAnswer(keep, a)
		} else if a.Sealed, err = seal(who.seal, a, answered{w.Status(), w.Header(), w.body.Bytes()}); err == nil {
			err = s.House.KeepAnswer(keep, a)
		}
		if err != nil {
			s.late(keep, err)
		}
	}()
	next(ctx)
	status := w.Status()
	passing = status >= http.StatusInternalServerError || status == http.StatusTooManyRequests || status == http.StatusConflict
}

// replay answers as before.
func (s *server) replay(ctx huma.Context, who caller, a casework.Answer) {
	was, err := open(who.seal, a)
	if err != nil {
		s.refuse(ctx, err)
		return
	}
	if err := s.sawAgain(ctx.Context(), who, was.Status); err != nil {
		s.refuse(ctx, err)
		return
	}
	c := humagin.Unwrap(ctx)
	for _, name := range []string{"Content-Type", "Location", "ETag", "Last-Modified"} {
		if v := was.Header.Get(name); v != "" {
			c.Header(name, v)
		}
	}
	c.Header("Idempotent-Replayed", "true")
	if was.Body == nil && was.Status != http.StatusNoContent {
		s.refuse(ctx, fault.New(fault.Conflict, "this was done before; its answer was too large to be kept"))
		return
	}
	c.Data(was.Status, was.Header.Get("Content-Type"), was.Body)
}

// copied is a writer that remembers what was written, if it is not too much.
type copied struct {
	gin.ResponseWriter
	body bytes.Buffer
	over bool
}

// Write implements http.ResponseWriter.
func (w *copied) Write(b []byte) (int, error) {
	w.remember(b)
	return w.ResponseWriter.Write(b)
}

// WriteString implements io.StringWriter.
func (w *copied) WriteString(text string) (int, error) {
	w.remember([]byte(text))
	return w.ResponseWriter.WriteString(text)
}

func (w *copied) remember(b []byte) {
	if w.over = w.over || w.body.Len()+len(b) > maxKept; w.over {
		w.body = bytes.Buffer{}
		return
	}
	w.body.Write(b)
}

// sealKey makes a key of a caller's secret. Who has the store can't read what is sealed with it.
func sealKey(secret string) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte("kept answers"))
	return h.Sum(nil)
}

func sealer(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal encrypts an answer for its caller, bound to his key and request.
func seal(key []byte, a casework.Answer, was answered) ([]byte, error) {
	text, err := json.Marshal(was)
	if err != nil {
		return nil, fmt.Errorf("seal answer: %w", err)
	}
	aead, err := sealer(key)
	if err != nil {
		return nil, fmt.Errorf("seal answer: %w", err)
	}
	return aead.Seal(nil, nil, text, bound(a)), nil
}

func open(key []byte, a casework.Answer) (was answered, err error) {
	aead, err := sealer(key)
	if err != nil {
		return was, fmt.Errorf("open answer: %w", err)
	}
	text, err := aead.Open(nil, nil, a.Sealed, bound(a))
	if err != nil {
		return was, fault.Wrap(fault.Ours, "the answer that was kept can't be read", err)
	}
	if err := json.Unmarshal(text, &was); err != nil {
		return was, errors.Join(fault.New(fault.Ours, "the answer that was kept can't be read"), err)
	}
	return was, nil
}

func bound(a casework.Answer) []byte {
	return append([]byte(a.Token+"\x00"+a.Key+"\x00"), a.Request...)
}

// slow is that a caller has to wait.
type slow struct{ wait time.Duration }

// slowDown tells a caller to wait.
func slowDown(wait time.Duration) error {
	return fault.Wrap(fault.Busy, "too many calls with this token", slow{wait})
}

// Error implements error.
func (s slow) Error() string { return fmt.Sprintf("to wait %v", s.wait) }
