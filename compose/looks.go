package compose

import (
	"bytes"
	"errors"
	"fmt"
	html "html/template"
	"io/fs"
	"strings"
	text "text/template"
)

// looks is the two forms of one kind of mail.
type looks struct {
	text *text.Template
	html *html.Template
}

// layered finds a file in the first of several folders that has it.
type layered []fs.FS

func (l layered) read(name string) (string, error) {
	for _, f := range l {
		b, err := fs.ReadFile(f, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("template %s: %w", name, err)
		}
		return string(b), nil
	}
	return "", fmt.Errorf("template %s: %w", name, fs.ErrNotExist)
}

// load reads every template and renders it once, so that a mistake shows at the start and not on the first mail.
func load(files layered) (map[string]looks, error) {
	all := map[string]looks{}
	for _, language := range []string{"sv", "en"} {
		for _, kind := range []string{"message", "received", "understood", "order"} {
			name := language + "/" + kind
			src, err := files.read(name + ".txt")
			if err != nil {
				return nil, err
			}
			l := looks{html: html.New(name)}
			if l.text, err = text.New(name + ".txt").Parse(src); err != nil {
				return nil, fmt.Errorf("template: %w", err)
			}
			for _, part := range []string{"layout.html", language + "/closing.html", name + ".html"} {
				if src, err = files.read(part); err != nil {
					return nil, err
				}
				if _, err = l.html.New(part).Parse(src); err != nil {
					return nil, fmt.Errorf("template: %w", err)
				}
			}
			if _, _, err := l.render(sample(language)); err != nil {
				return nil, fmt.Errorf("template %s: %w", name, err)
			}
			all[name] = l
		}
	}
	return all, nil
}

// sample has a value in every field.
func sample(language string) facts {
	return facts{
		Organisation: "A", Colour: "#1f5f8b", Footer: "B", Language: language, Number: 1, CaseSubject: "C", Subject: "D", Name: "E", Text: "F",
		Paragraphs: [][]string{{"F"}}, Quote: true, Rows: []row{{"G", "H"}}, Links: links(wordsOf(language), "a@b.example", "D"),
	}
}

func (l looks) render(f facts) (plain, rich string, err error) {
	var t, h bytes.Buffer
	if err := l.text.Execute(&t, f); err != nil {
		return "", "", err
	}
	if err := l.html.ExecuteTemplate(&h, "layout", f); err != nil {
		return "", "", err
	}
	return strings.TrimSpace(t.String()) + "\n", h.String(), nil
}

// colour tells whether s is "#" and six hexadecimal digits.
func colour(s string) bool {
	return len(s) == 7 && s[0] == '#' && strings.Trim(strings.ToLower(s[1:]), "0123456789abcdef") == ""
}
