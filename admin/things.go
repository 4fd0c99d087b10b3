package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"smartmail/access"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/property"
	reg "smartmail/register"
)

// Registers is what the API does with an organisation's register.
type Registers interface {
	Objects() desk.Register[property.Object]
	Contacts() desk.Register[reg.Contact]
	Tenancies() desk.Register[reg.Tenancy]
	Segments() desk.Register[reg.Segment]
	Classes() desk.Register[reg.Class]
	Routes() desk.Register[reg.Route]
	Roles() desk.Register[access.Role]
}

// things are the calls about one kind of thing.
type things[T casework.Thing] struct {
	s         *server
	one, many string
	register  func(Desk) desk.Register[T]
}

func (s *server) thingCalls() {
	objects := things[property.Object]{s, "object", "objects", func(d Desk) desk.Register[property.Object] { return d.Objects() }}
	contacts := things[reg.Contact]{s, "contact", "contacts", func(d Desk) desk.Register[reg.Contact] { return d.Contacts() }}
	tenancies := things[reg.Tenancy]{s, "tenancy", "tenancies", func(d Desk) desk.Register[reg.Tenancy] { return d.Tenancies() }}
	segments := things[reg.Segment]{s, "segment", "segments", func(d Desk) desk.Register[reg.Segment] { return d.Segments() }}
	classes := things[reg.Class]{s, "class", "classes", func(d Desk) desk.Register[reg.Class] { return d.Classes() }}
	routes := things[reg.Route]{s, "route", "routes", func(d Desk) desk.Register[reg.Route] { return d.Routes() }}
	roles := things[access.Role]{s, "role", "roles", func(d Desk) desk.Register[access.Role] { return d.Roles() }}
	objects.calls()
	contacts.calls()
	tenancies.calls()
	segments.calls()
	classes.calls()
	routes.calls()
	roles.calls()
	listThings(objects, func(in *listObjectsInput) thingFilter {
		return in.Parent.by("by_parent").or(in.External.by("by_external"))
	})
	listThings(contacts, func(in *listContactsInput) thingFilter {
		return in.Part.by("by_part").or(in.Email.lower().by("by_email")).or(in.External.by("by_external"))
	})
	listThings(tenancies, func(in *listTenanciesInput) thingFilter {
		return in.Customer.by("by_customer").or(in.Object.by("by_object")).or(in.External.by("by_external"))
	})
	listThings(segments, func(*ListInput) thingFilter { return thingFilter{} })
	listThings(classes, func(*ListInput) thingFilter { return thingFilter{} })
	listThings(routes, func(*ListInput) thingFilter { return thingFilter{} })
	listThings(roles, func(*ListInput) thingFilter { return thingFilter{} })
}

// calls adds those that are the same for every kind.
func (t things[T]) calls() {
	path, personal := prefix+"/"+t.many+"/{id}", t.personal()
	register(t.s, call{method: http.MethodGet, path: path, id: "get-" + t.one, personal: personal, summary: "Read a " + t.one + " of the register"}, t.get)
	register(t.s, call{method: http.MethodPut, path: path, id: "put-" + t.one, personal: personal, summary: "Add a " + t.one + " to the register, or change it", onlyNew: true}, t.put)
	register(t.s, call{method: http.MethodGet, path: path + "/editions", id: "list-" + t.one + "-editions", personal: personal, summary: "What a " + t.one + " was like after each change, oldest first"}, t.editions)
}

// restricted is the field of such things that not everybody may see who sees them; "" where there is none.
func (t things[T]) restricted() string {
	switch t.one {
	case "contact":
		return "personal_number"
	case "object":
		return "access"
	default:
		return ""
	}
}

// personal reports whether such things have fields that not everybody may see who sees them.
func (t things[T]) personal() bool { return t.restricted() != "" }

// ThingParam names a thing of the register.
type ThingParam struct {
	OrgParam
	ID string `path:"id" minLength:"1" maxLength:"300" doc:"Chosen by whoever adds the record; of a class its path, such as VVS > Blandare"`
}

type thingOutput[T any] struct {
	ETag         string    `header:"ETag" doc:"Version of the record, for If-Match"`
	LastModified time.Time `header:"Last-Modified"`
	Body         T
}

func showThing[T casework.Thing](r casework.Registered[T]) *thingOutput[T] {
	return &thingOutput[T]{ETag: etag(r.Version), LastModified: r.At.UTC(), Body: r.Thing}
}

func (t things[T]) get(ctx context.Context, in *ThingParam) (*thingOutput[T], error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	r, err := t.register(t.s.desk(ctx)).Get(ctx, org, in.ID)
	if err != nil {
		return nil, err
	}
	return showThing(r), nil
}

type putThingInput[T any] struct {
	ThingParam
	IfMatch string `header:"If-Match" maxLength:"1000" doc:"The ETag that the change was made upon; a stale one is 409. Left out or *: whatever there is."`
	IfNone  string `header:"If-None-Match" enum:"*" doc:"A new one only: 412 where there is one already"`
	Body    thingBody[T]
}

func (t things[T]) put(ctx context.Context, in *putThingInput[T]) (*thingOutput[T], error) {
	who := callerOf(ctx)
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	thing := in.Body.Thing
	if thing.Key() != in.ID {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("the %s in the body has another name than the one in the path", t.one))
	}
	version, err := matched(in.IfMatch, func() (uint64, error) {
		r, err := t.register(t.s.desk(ctx)).Get(ctx, org, in.ID)
		return r.Version, err
	})
	if err != nil {
		return nil, err
	}
	if in.IfNone != "" {
		version = desk.Absent
	}
	register := t.register(t.s.desk(ctx))
	if f := t.restricted(); f != "" && !in.Body.has(f) {
		register = register.Keeping()
	}
	r, err := register.Save(ctx, org, thing, who.actor, version)
	if err != nil {
		return nil, err
	}
	return showThing(r), nil
}

// Edition is what a thing was like after one of its changes.
type Edition struct {
	Number uint64          `json:"number"`
	At     time.Time       `json:"at"`
	By     Actor           `json:"by"`
	Thing  json.RawMessage `json:"thing"`
}

type editionsInput struct {
	ThingParam
	PageParams
}

type editionsOutput struct{ Body List[Edition] }

func (t things[T]) editions(ctx context.Context, in *editionsInput) (*editionsOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	list := scope("editions", org, t.one, in.ID)
	after, err := decodeCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := t.register(t.s.desk(ctx)).Editions(ctx, org, in.ID, after, in.limit())
	if err != nil {
		return nil, err
	}
	body, err := listOf(list, page, func(e casework.Edition) (Edition, error) {
		return Edition{Number: e.Number, At: e.At.UTC(), By: actor(e.By), Thing: e.Thing}, nil
	})
	return &editionsOutput{body}, err
}

// thingValue is a value to look things up by.
type thingValue string

// thingFilter chooses an index; the zero value means all.
type thingFilter struct{ index, value string }

func (v thingValue) by(index string) thingFilter {
	if v == "" {
		return thingFilter{}
	}
	return thingFilter{index, string(v)}
}

func (v thingValue) lower() thingValue { return thingValue(casework.Address(string(v))) }

// or takes the other filter where there is none yet.
func (f thingFilter) or(other thingFilter) thingFilter {
	if f.index == "" {
		return other
	}
	return f
}

// ListInput is what every list of the register is asked with.
type ListInput struct {
	OrgParam
	PageParams
}

type listObjectsInput struct {
	ListInput
	Parent   thingValue `query:"parent" maxLength:"64" doc:"What lies in this object"`
	External thingValue `query:"external_key" maxLength:"300" doc:"In the system that it is imported from"`
}

type listContactsInput struct {
	ListInput
	Part     thingValue `query:"part" enum:"customer,supplier,technician,manager,staff" doc:"Those who are this, or this as well"`
	Email    thingValue `query:"email" maxLength:"254" doc:"One of their addresses"`
	External thingValue `query:"external_key" maxLength:"300" doc:"In the system that it is imported from"`
}

type listTenanciesInput struct {
	ListInput
	Customer thingValue `query:"customer" maxLength:"64" doc:"The contact"`
	Object   thingValue `query:"object" maxLength:"64" doc:"What he rents"`
	External thingValue `query:"external_key" maxLength:"300" doc:"In the system that it is imported from"`
}

// pages is what every list input has.
func (in *ListInput) pages() *ListInput { return in }

// listThings adds the list of one kind. Of several filters the first that is given counts.
func listThings[T casework.Thing, In any, P interface {
	*In
	pages() *ListInput
}](t things[T], filter func(P) thingFilter) {
	c := call{method: http.MethodGet, path: prefix + "/" + t.many, id: "list-" + t.many, personal: t.personal(), summary: "The " + t.many + " of the register, by name"}
	register(t.s, c, func(ctx context.Context, in *In) (*struct{ Body List[T] }, error) {
		p := P(in).pages()
		org, err := callerOf(ctx).org(p.Org)
		if err != nil {
			return nil, err
		}
		f := filter(in)
		list := scope(t.many, org, f.index, f.value)
		after, err := decodeCursor(list, p.Cursor)
		if err != nil {
			return nil, err
		}
		page, err := t.register(t.s.desk(ctx)).List(ctx, org, f.index, f.value, after, p.limit())
		if err != nil {
			return nil, err
		}
		body, err := listOf(list, page, func(r casework.Registered[T]) (T, error) { return r.Thing, nil })
		return &struct{ Body List[T] }{body}, err
	})
}
