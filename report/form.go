package report

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"

	"smartmail/casework"
	"smartmail/fault"
)

// Bounds of a report, in bytes.
const (
	maxJSON     = 64 << 10
	maxPicture  = 10 << 20
	maxPictures = 8
	maxForm     = 25 << 20
	maxText     = 10_000
	maxLine     = 200
)

// shown are the pictures that are taken.
var shown = []string{"image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/heif"}

// A form is filled in by a person: not within this time, nor from yesterday.
const (
	soonest     = 2 * time.Second
	latest      = 24 * time.Hour
	captchaTime = 10 * time.Second
)

// input is what a form says.
type input struct {
	Name        string `json:"name"`
	Email       string `json:"email"`
	Phone       string `json:"phone"`
	Place       string `json:"place"`
	Subject     string `json:"subject"`
	Description string `json:"description"`
	Ticket      string `json:"ticket"`
	Captcha     string `json:"captcha"`
	Website     string `json:"website"` // is left empty by people
	pictures    []picture
}

type picture struct {
	name, mediaType string
	content         []byte
}

// field is where a field of a form goes.
func (in *input) field(name string) *string {
	return map[string]*string{
		"name": &in.Name, "email": &in.Email, "phone": &in.Phone, "place": &in.Place, "subject": &in.Subject, "description": &in.Description,
		"ticket": &in.Ticket, "captcha": &in.Captcha, "website": &in.Website,
		"h-captcha-response": &in.Captcha, "cf-turnstile-response": &in.Captcha, "g-recaptcha-response": &in.Captcha,
	}[name]
}

// read reads a report in either form.
func read(w http.ResponseWriter, r *http.Request) (in input, err error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == "application/json":
		err = json.NewDecoder(http.MaxBytesReader(w, r.Body, maxJSON)).Decode(&in)
	case err == nil && kind == "multipart/form-data" && params["boundary"] != "":
		err = in.readForm(multipart.NewReader(http.MaxBytesReader(w, r.Body, maxForm), params["boundary"]))
	default:
		return in, refuse(fault.Invalid, "a report is application/json or multipart/form-data", "Formuläret kunde inte läsas.")
	}
	var long *http.MaxBytesError
	var known *fault.Error
	switch {
	case errors.As(err, &long):
		return in, refuse(fault.TooBig, fmt.Sprintf("the report is larger than %d bytes", long.Limit), "Bilderna är för stora tillsammans: högst 25 MB.")
	case err != nil && !errors.As(err, &known):
		return in, fault.Wrap(fault.Invalid, "the report can't be read", err)
	}
	return in, err
}

// readForm reads the parts as they come. A picture is told by its bytes.
func (in *input) readForm(form *multipart.Reader) error {
	const maxParts = 40
	for range maxParts {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if part.FileName() == "" {
			if err := in.readField(part); err != nil {
				return err
			}
			continue
		}
		b, err := io.ReadAll(io.LimitReader(part, maxPicture+1))
		if err != nil {
			return err
		}
		if len(b) == 0 { // no file was chosen
			continue
		}
		mediaType := mimetype.Detect(b).String()
		switch {
		case len(b) > maxPicture || len(in.pictures) == maxPictures:
			return refuse(fault.TooBig, fmt.Sprintf("at most %d pictures, each of at most %d bytes", maxPictures, maxPicture), fmt.Sprintf("Högst %d bilder, var och en på högst 10 MB.", maxPictures))
		case !slices.Contains(shown, mediaType):
			return refuse(fault.Invalid, "only pictures can be sent", "Bara bilder kan skickas.")
		}
		in.pictures = append(in.pictures, picture{name: part.FileName(), mediaType: mediaType, content: b})
	}
	return refuse(fault.Invalid, "the form has too many parts", "Formuläret kunde inte läsas.")
}

func (in *input) readField(part *multipart.Part) error {
	to := in.field(part.FormName())
	b, err := io.ReadAll(io.LimitReader(part, maxJSON+1))
	switch {
	case err != nil:
		return err
	case len(b) > maxJSON:
		return refuse(fault.TooBig, "a field is too long", "Texten är för lång.")
	case to == nil && len(b) > 0: // nothing: no file was chosen
		return refuse(fault.Invalid, "the form has a field that is not known", "Formuläret kunde inte läsas.")
	case to != nil && *to == "":
		*to = string(b)
	}
	return nil
}

// check turns what was said into the command that opens the case.
func (in *input) check(org Org) (casework.Open, error) {
	for name, text := range map[string]string{"name": in.Name, "phone": in.Phone, "place": in.Place, "subject": in.Subject} {
		if len(text) > maxLine || strings.ContainsFunc(text, unicode.IsControl) {
			return casework.Open{}, refuse(fault.Invalid, fmt.Sprintf("%s is one line of at most %d bytes", name, maxLine), "Namn, telefon och plats får vara en rad på högst 200 tecken.")
		}
	}
	text := strings.TrimSpace(in.Description)
	if text == "" || len(text) > maxText || !utf8.ValidString(text) || strings.ContainsFunc(text, unprintable) {
		return casework.Open{}, refuse(fault.Invalid, fmt.Sprintf("a description of at most %d bytes is needed, without control characters", maxText), "Beskriv felet, med högst 10 000 tecken.")
	}
	email := strings.TrimSpace(in.Email)
	if email != "" {
		if a, err := mail.ParseAddress(email); err != nil || a.Address != email || a.Name != "" || len(email) > 254 {
			return casework.Open{}, refuse(fault.Invalid, "this is no e-mail address", "E-postadressen stämmer inte.")
		}
	}
	if email == "" && strings.TrimSpace(in.Phone) == "" {
		return casework.Open{}, refuse(fault.Invalid, "an e-mail address or a telephone number is needed", "Fyll i e-post eller telefon, så att vi kan nå dig.")
	}
	subject := strings.TrimSpace(in.Subject)
	if subject == "" {
		subject, _, _ = strings.Cut(text, "\n")
		subject = strings.ToValidUTF8(subject[:min(len(subject), 80)], "")
	}
	if place := strings.TrimSpace(in.Place); place != "" {
		text = place + "\n\n" + text
	}
	return casework.Open{
		Subject: subject, Description: text, Class: org.Class,
		Reporter: &casework.Reporter{Name: strings.TrimSpace(in.Name), Email: email, Phone: strings.TrimSpace(in.Phone)},
	}, nil
}

// unprintable reports whether a character is no part of a text: all that control a terminal but line ends and tabs.
func unprintable(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }

// ticket is what a form is given when it is opened, and brings when it is sent: it tells how long that took.
func (s *reports) ticket(org casework.OrgID) string {
	at := binary.BigEndian.AppendUint64(nil, uint64(s.Now().UnixMilli()))
	return base64.RawURLEncoding.EncodeToString(append(at, s.sign(org, at)...))
}

func (s *reports) sign(org casework.OrgID, at []byte) []byte {
	h := hmac.New(sha256.New, s.key[:])
	h.Write(at)
	h.Write([]byte(org))
	return h.Sum(nil)[:16]
}

func (s *reports) checkTicket(org casework.OrgID, ticket string) error {
	b, err := base64.RawURLEncoding.DecodeString(ticket)
	if err != nil || len(b) != 24 || !hmac.Equal(b[8:], s.sign(org, b[:8])) {
		return refuse(fault.Invalid, "the ticket is not one of this form: open it again", "Sidan hade blivit gammal. Skicka en gång till.")
	}
	age := s.Now().Sub(time.UnixMilli(int64(binary.BigEndian.Uint64(b))))
	switch {
	case age < soonest:
		return refuse(fault.Invalid, "that was quick: try again in a moment", "Det gick lite fort. Skicka en gång till.")
	case age > latest:
		return refuse(fault.Invalid, "the form is too old: open it again", "Sidan hade blivit gammal. Skicka en gång till.")
	}
	return nil
}

// Captcha asks a service whether a person solved its puzzle, as hCaptcha, Turnstile and reCAPTCHA do it.
type Captcha struct {
	URL    string // of siteverify
	Secret string
}

// check refuses where the service says no, or does not answer.
func (c Captcha) check(ctx context.Context, client *http.Client, response, ip string) error {
	if response == "" {
		return refuse(fault.Invalid, "the captcha is not solved", "Kontrollen av att du är en människa är inte gjord.")
	}
	ctx, cancel := context.WithTimeout(ctx, captchaTime)
	defer cancel()
	form := url.Values{"secret": {c.Secret}, "response": {response}, "remoteip": {ip}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("captcha: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	const down = "the captcha can't be checked now, try again later"
	res, err := client.Do(r)
	if err != nil {
		return fault.Wrap(fault.Ours, down, err)
	}
	defer func() { _ = res.Body.Close() }()
	var said struct {
		Success bool `json:"success"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxJSON)).Decode(&said); err != nil {
		return fault.Wrap(fault.Ours, down, err)
	}
	if !said.Success {
		return refuse(fault.Invalid, "the captcha is not solved", "Kontrollen av att du är en människa är inte gjord.")
	}
	return nil
}
