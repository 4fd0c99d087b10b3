package casestore_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"smartmail/casestore"
)

var freeze = flag.Bool("freeze", false, "write a row of each table that has none into testdata/rows; never over one that is there")

// frozenTable writes and reads rows of one table.
type frozenTable struct {
	write func() (casestore.Row, error)             // of a record in which every field says something
	read  func(casestore.Row) (record any, _ error) //
}

func tableOf[T any](t *casestore.Table[T]) frozenTable {
	return frozenTable{
		write: func() (casestore.Row, error) {
			var r T
			full(reflect.ValueOf(&r).Elem(), 0)
			if v := reflect.ValueOf(&r).Elem().FieldByName("Version"); v.IsValid() {
				v.SetUint(0)
			}
			put := &putter{}
			err := t.Put(put, &r)
			return put.Row, err
		},
		read: func(stored casestore.Row) (any, error) { return t.Get(row{Row: stored}, nil) },
	}
}

// putter is an engine that keeps the last row.
type putter struct {
	casestore.Tx
	casestore.Row
}

func (p *putter) Put(_ *casestore.Schema, r casestore.Row) error {
	p.Row = r
	return nil
}

// frozenTables are all of them, by name.
func frozenTables() map[string]frozenTable {
	return map[string]frozenTable{
		"answers": tableOf(casestore.Answers), "cases": tableOf(casestore.Cases), "classes": tableOf(casestore.Classes), "codes": tableOf(casestore.Codes),
		"contacts": tableOf(casestore.Contacts), "cursors": tableOf(casestore.Cursors), "editions": tableOf(casestore.Editions), "entries": tableOf(casestore.Entries),
		"files": tableOf(casestore.Files), "keys": tableOf(casestore.Keys), "log": tableOf(casestore.Log), "looks": tableOf(casestore.Looks), "mails": tableOf(casestore.Mails),
		"notified": tableOf(casestore.Notified), "objects": tableOf(casestore.Objects), "outbox": tableOf(casestore.Outbox), "parties": tableOf(casestore.Parties),
		"raws": tableOf(casestore.Raws), "refs": tableOf(casestore.References), "retention": tableOf(casestore.Retention), "roles": tableOf(casestore.Roles),
		"routes": tableOf(casestore.Routes), "schedules": tableOf(casestore.Schedules), "segments": tableOf(casestore.Segments), "sms": tableOf(casestore.SMS), "sms_days": tableOf(casestore.SMSDays),
		"suspended": tableOf(casestore.Suspended), "tenancies": tableOf(casestore.Tenancies), "timers": tableOf(casestore.Timers), "tokens": tableOf(casestore.Tokens),
		"transport": tableOf(casestore.Transport), "triage": tableOf(casestore.Triage), "turns": tableOf(casestore.Turns), "webhooks": tableOf(casestore.Webhooks),
	}
}

// full puts something into every field that is stored, and into what contains itself three times.
func full(v reflect.Value, depth int) {
	if !v.CanSet() || depth > 12 {
		return
	}
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
		return
	case *netip.Addr:
		*x = netip.MustParseAddr("192.0.2.1")
		return
	case *json.RawMessage:
		*x = json.RawMessage(`{"id":"x"}`)
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(7)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		full(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		full(v.Index(0), depth+1)
	case reflect.Map:
		k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		full(k, depth+1)
		full(e, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(k, e)
	case reflect.Array, reflect.Struct:
		for i := range fields(v) {
			full(part(v, i), depth+1)
		}
	}
}

func fields(v reflect.Value) int {
	if v.Kind() == reflect.Array {
		return v.Len()
	}
	return v.NumField()
}

func part(v reflect.Value, i int) reflect.Value {
	if v.Kind() == reflect.Array {
		return v.Index(i)
	}
	return v.Field(i)
}

// lost lists what a stored document says and a record that was read from it does not.
func lost(path string, stored, read any) (names []string) {
	switch s := stored.(type) {
	case map[string]any:
		r, ok := read.(map[string]any)
		if !ok {
			return []string{path}
		}
		for k, v := range s {
			names = append(names, lost(path+"."+k, v, r[k])...)
		}
	case []any:
		r, ok := read.([]any)
		if !ok || len(r) != len(s) {
			return []string{path}
		}
		for i := range s {
			names = append(names, lost(path, s[i], r[i])...)
		}
	default:
		if !reflect.DeepEqual(stored, read) {
			return []string{fmt.Sprintf("%s: was %v, is %v", path, stored, read)}
		}
	}
	return names
}

// Every table has a row as it was written once, with something in every field of that day, that is read with all that it said. Whoever adds a
// table, or another format, freezes a row (-freeze); who takes a field away, or calls it something else, sees it here.
func TestFrozenRows(t *testing.T) {
	tables := frozenTables()
	for _, s := range casestore.Schemas() {
		table, ok := tables[s.Name]
		if !ok {
			t.Errorf("table %s is not among the frozen ones", s.Name)
			continue
		}
		path := filepath.Join("testdata", "rows", fmt.Sprintf("%s.%d", s.Name, s.Format))
		doc, err := os.ReadFile(path)
		if os.IsNotExist(err) && *freeze {
			r, err := table.write()
			if err != nil {
				t.Fatal(err)
			}
			if doc = r.Doc; os.MkdirAll(filepath.Dir(path), 0o755) != nil || os.WriteFile(path, doc, 0o644) != nil {
				t.Fatalf("%s can't be written", path)
			}
		} else if err != nil {
			t.Errorf("table %s has no frozen row of format %d: go test ./casestore -run TestFrozenRows -freeze", s.Name, s.Format)
			continue
		}
		record, err := table.read(casestore.Row{Version: 3, Format: s.Format, Doc: doc})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if s.Name == "raws" { // bytes, and nothing else
			if got := reflect.ValueOf(record).FieldByName("Bytes").Bytes(); string(got) != string(doc) {
				t.Errorf("%s: %q", path, got)
			}
			continue
		}
		again, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		var stored, read any
		if err := json.Unmarshal(doc, &stored); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if err := json.Unmarshal(again, &read); err != nil {
			t.Fatal(err)
		}
		if s.Name == "mails" { // what the codec leaves out
			delete(stored.(map[string]any)["content"].(map[string]any), "text")
		}
		for _, name := range lost(s.Name, stored, read) {
			t.Errorf("%s: an old row loses %s", path, name)
		}
		if m, ok := stored.(map[string]any); !ok || len(m) < 2 {
			t.Errorf("%s says nothing: %s", path, doc)
		}
	}
	for name := range tables {
		if !known(name) {
			t.Errorf("there is no table %s", name)
		}
	}
}

func known(name string) bool {
	for _, s := range casestore.Schemas() {
		if s.Name == name {
			return true
		}
	}
	return false
}
