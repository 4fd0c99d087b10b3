package desk_test

import (
	"testing"

	"smartmail/casework"
	"smartmail/fault"
	"smartmail/property"
	"smartmail/register"
)

// Every change of a thing is an edition and an event; a thing that refers to what is not there is not stored.
func TestRegister(t *testing.T) {
	d, _ := open(t, t.TempDir())
	ctx := t.Context()
	norr := property.Object{ID: "norr", Kind: property.Area, Name: "Norr"}
	first, err := d.Objects().Save(ctx, "a", norr, eva, 0)
	if err != nil || first.Version != 1 || first.By != eva {
		t.Fatalf("%+v, %v", first, err)
	}
	norr.Name = "Norra staden"
	second, err := d.Objects().Save(ctx, "a", norr, eva, first.Version)
	if err != nil || second.Version != 2 {
		t.Fatalf("%+v, %v", second, err)
	}
	if same, err := d.Objects().Save(ctx, "a", norr, casework.Actor{Via: casework.ViaAPI, Name: "Bo"}, 0); err != nil || same.Version != 2 || same.By != eva {
		t.Errorf("the same again: %+v, %v", same, err)
	}
	if _, err := d.Objects().Save(ctx, "a", property.Object{ID: "norr", Kind: property.Area, Name: "N"}, eva, first.Version); !fault.Is(err, fault.Conflict) {
		t.Errorf("over a stale version: %v", err)
	}
	if _, err := d.Routes().Save(ctx, "a", register.Route{ID: "r", Object: "norr", Supplier: "ror"}, eva, 0); !fault.Is(err, fault.Invalid) {
		t.Errorf("a supplier who is not there: %v", err)
	}
	if _, err := d.Objects().Get(ctx, "b", "norr"); !fault.Is(err, fault.NotFound) {
		t.Errorf("another organisation: %v", err)
	}
	was, err := d.Objects().Editions(ctx, "a", "norr", nil, 10)
	if err != nil || len(was.Items) != 2 || was.Items[0].Number != 1 || string(was.Items[1].Thing) != `{"id":"norr","kind":"area","name":"Norra staden"}` {
		t.Errorf("editions: %+v, %v", was.Items, err)
	}
	events, err := d.Events(ctx, "a", 0, 10)
	if err != nil || len(events) != 2 || events[0].Kind != casework.EventRegister || events[1].Thing != "object/norr" {
		t.Errorf("events: %+v, %v", events, err)
	}
}
