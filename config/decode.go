package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// decodeStrict fills v from YAML and returns the line of every key. yaml.v3's own strict mode names the Go type and not the
// key, so the nodes are walked here.
func decodeStrict(file string, text []byte, v any) (map[string]int, error) {
	d := decoder{file: file, lines: map[string]int{}}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return d.lines, nil
	case err != nil:
		// "yaml: line 5: mapping values ..." becomes "file:5: mapping values ..."
		what := strings.TrimPrefix(err.Error(), "yaml: ")
		if line, rest, ok := strings.Cut(strings.TrimPrefix(what, "line "), ": "); ok && strings.HasPrefix(what, "line ") {
			return nil, fmt.Errorf("%s:%s: %s", file, line, rest)
		}
		return nil, fmt.Errorf("%s: %s", file, what)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: more than one document", file)
	}
	d.value(doc.Content[0], "", reflect.ValueOf(v).Elem(), 0)
	return d.lines, errors.Join(d.errs...)
}

type decoder struct {
	file  string
	lines map[string]int
	errs  []error
}

// maxDepth is deeper than any key of ours; aliases could nest without end.
const maxDepth = 16

func (d *decoder) fail(n *yaml.Node, key, format string, args ...any) {
	if key == "" {
		key = "(top level)"
	}
	d.errs = append(d.errs, fmt.Errorf("%s:%d: %s: %s", d.file, n.Line, key, fmt.Sprintf(format, args...)))
}

func (d *decoder) value(n *yaml.Node, key string, v reflect.Value, depth int) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if depth > maxDepth {
		d.fail(n, key, "nested too deep")
		return
	}
	d.lines[key] = n.Line
	if n.Tag == "!!null" {
		return // "key:" with nothing behind it means the default
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, key, v.Elem(), depth+1)
	case reflect.Struct:
		d.mapping(n, key, v, depth)
	case reflect.Slice:
		d.sequence(n, key, v, depth)
	default:
		d.scalar(n, key, v)
	}
}

func (d *decoder) mapping(n *yaml.Node, key string, v reflect.Value, depth int) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, key, "expected keys and values, found %s", kindName(n))
		return
	}
	fields := map[string]int{}
	var names []string
	for i := range v.NumField() {
		if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ","); name != "" {
			fields[name] = i
			names = append(names, name)
		}
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, val := n.Content[i], n.Content[i+1]
		path := join(key, k.Value)
		field, ok := fields[k.Value]
		switch {
		case !ok:
			d.fail(k, path, "unknown key; known here: %s", strings.Join(names, ", "))
		case seen[k.Value]:
			d.fail(k, path, "given twice")
		default:
			seen[k.Value] = true
			d.value(val, path, v.Field(field), depth+1)
			d.lines[path] = k.Line
		}
	}
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

func (d *decoder) sequence(n *yaml.Node, key string, v reflect.Value, depth int) {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, key, "expected a list, found %s", kindName(n))
		return
	}
	list := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		d.value(item, fmt.Sprintf("%s[%d]", key, i), list.Index(i), depth+1)
	}
	v.Set(list)
}

func (d *decoder) scalar(n *yaml.Node, key string, v reflect.Value) {
	if n.Kind != yaml.ScalarNode {
		d.fail(n, key, "expected %s, found %s", typeName(v), kindName(n))
		return
	}
	if v.Type() == reflect.TypeFor[Duration]() {
		dur, err := time.ParseDuration(n.Value)
		if err != nil || dur < 0 {
			d.fail(n, key, "expected a duration such as 90s, 5m or 1h, found %q", n.Value)
			return
		}
		v.SetInt(int64(dur))
		return
	}
	want := map[reflect.Kind][]string{reflect.String: {"!!str"}, reflect.Bool: {"!!bool"}, reflect.Int: {"!!int"}, reflect.Int64: {"!!int"}, reflect.Float64: {"!!int", "!!float"}}[v.Kind()]
	if !slices.Contains(want, n.ShortTag()) || n.Decode(v.Addr().Interface()) != nil {
		d.fail(n, key, "expected %s, found %q", typeName(v), n.Value)
	}
}

func typeName(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return "text (in quotes, if it looks like a number)"
	case reflect.Bool:
		return "true or false"
	case reflect.Float64:
		return "a number"
	default:
		return "a whole number"
	}
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	default:
		return fmt.Sprintf("%q", n.Value)
	}
}
