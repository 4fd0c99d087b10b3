package compose

import (
	"bytes"
	"errors"
	"fmt"
	html "html/template"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	text "text/template"

	"smartmail/fault"
)

// looks is the two forms of one kind of mail.
type looks struct {
	text *text.Template
	html *html.Template
}

// Bounds of a template file, and of what one mail's text or HTML comes to, in bytes.
const (
	maxTemplate = 256 << 10
	maxRendered = 8 << 20
)

// layered finds a file in an organisation's folder, else among the built-in ones.
type layered struct {
	folder string // as it is named in errors; empty: none
	own    fs.FS
	base   fs.FS
}

// newLayered looks through the folder for files that no mail would use: a misspelt name must not go unnoticed.
func newLayered(folder string) (layered, error) {
	base, err := fs.Sub(builtin, "templates")
	if err != nil || folder == "" {
		return layered{base: base}, err
	}
	l := layered{folder, os.DirFS(folder), base}
	var bad []error
	err = fs.WalkDir(l.own, ".", func(name string, d fs.DirEntry, err error) error {
		if ext := path.Ext(name); err != nil || d.IsDir() || ext != ".txt" && ext != ".html" {
			return err
		}
		if _, err := fs.Stat(base, name); err != nil {
			bad = append(bad, fmt.Errorf("%s: no mail has a template of this name", filepath.Join(folder, name)))
		}
		return nil
	})
	if err = errors.Join(append(bad, err)...); err != nil {
		return l, fault.New(fault.Invalid, err.Error())
	}
	return l, nil
}

// read returns a file, and under which name errors are to speak of it.
func (l layered) read(name string) (src, called string, err error) {
	if l.own != nil {
		f, err := l.own.Open(name)
		switch {
		case err == nil:
			defer func() { _ = f.Close() }() // read only
			b, err := io.ReadAll(io.LimitReader(f, maxTemplate+1))
			if called = filepath.Join(l.folder, name); err == nil && len(b) > maxTemplate {
				err = fmt.Errorf("%s: has more than %d bytes", called, maxTemplate)
			}
			return string(b), called, err
		case !errors.Is(err, fs.ErrNotExist):
			return "", "", err
		}
	}
	b, err := fs.ReadFile(l.base, name)
	return string(b), name, err
}

// languages are those that mails are written in.
func languages() []string { return []string{"sv", "en"} }

// load reads every template and tries it, so that a mistake shows at the start and not on the first mail.
func load(files layered) (map[string]looks, error) {
	all := map[string]looks{}
	var bad []error
	for _, language := range languages() {
		for _, k := range kinds() {
			name := language + "/" + k.name
			l, err := parse(files, language, name)
			if err == nil {
				err = l.try(language, k)
			}
			if err != nil {
				bad = append(bad, located(err))
				continue
			}
			all[name] = l
		}
	}
	if err := distinct(bad); err != nil {
		return nil, fault.New(fault.Invalid, err.Error())
	}
	return all, nil
}

// parse puts the two forms of a kind together.
func parse(files layered, language, name string) (l looks, err error) {
	l = looks{text: text.New(name), html: html.New(name)}
	for _, part := range []string{"layout.txt", language + "/closing.txt", name + ".txt"} {
		src, called, err := files.read(part)
		if err == nil {
			_, err = l.text.New(called).Parse(src)
		}
		if err != nil {
			return l, err
		}
		l.text = l.text.Lookup(called)
	}
	for _, part := range []string{"layout.html", language + "/closing.html", name + ".html"} {
		src, called, err := files.read(part)
		if err == nil {
			_, err = l.html.New(called).Parse(src)
		}
		if err != nil {
			return l, err
		}
	}
	return l, nil
}

// try renders a template with a sample mail, and with one that says as little as a mail can.
func (l looks) try(language string, k kind) error {
	full, bare := samples(language, k)
	if _, _, err := l.render(bare); err != nil {
		return err
	}
	plain, rich, err := l.render(full)
	if err != nil {
		return err
	}
	for form, content := range map[string]string{".txt": plain, ".html": rich} {
		if !strings.Contains(content, full.Files[0].URL) {
			return fmt.Errorf("%s%s: does not show the links to big files: {{template \"files\" .}}", l.html.Name(), form)
		}
		if !strings.Contains(content, full.Paragraphs[0][0]) {
			return fmt.Errorf("%s%s: does not show what the mail says: {{.Text}} or {{template \"paragraphs\" .}}", l.html.Name(), form)
		}
	}
	return nil
}

// located takes away what template packages put before the name of a file.
func located(err error) error {
	msg := err.Error()
	for _, p := range []string{"template: ", "html/template: ", "html/template:"} {
		msg = strings.TrimPrefix(msg, p)
	}
	return errors.New(msg)
}

// distinct joins errors, each once: a mistake in a file that several kinds share is one mistake.
func distinct(list []error) error {
	var out []error
	for _, err := range list {
		if !slices.ContainsFunc(out, func(e error) bool { return e.Error() == err.Error() }) {
			out = append(out, err)
		}
	}
	return errors.Join(out...)
}

func (l looks) render(f facts) (plain, rich string, err error) {
	t, h := bounded{left: maxRendered}, bounded{left: maxRendered}
	if err := l.text.Execute(&t, f); err != nil {
		return "", "", err
	}
	if err := l.html.ExecuteTemplate(&h, "layout", f); err != nil {
		return "", "", err
	}
	return strings.TrimSpace(t.String()) + "\n", h.String(), nil
}

// bounded takes so many bytes and no more.
type bounded struct {
	bytes.Buffer
	left int
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, fault.New(fault.TooBig, fmt.Sprintf("a mail's text has more than %d bytes", maxRendered))
	}
	return b.Buffer.Write(p)
}
