package admin

import (
	"maps"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/threading"
)

// Addresses are the house's own; *threading.Router knows them.
type Addresses interface {
	// Address returns a participant's own reply address.
	Address(org casework.OrgID, c casework.CaseNumber, p casework.ParticipantNo) (string, error)
	// Own reads an address or Message-ID that we have signed.
	Own(org casework.OrgID, addr string) (threading.Token, bool)
}

// view shows the domain's records in the words of the outside interface.
type view struct {
	addresses Addresses
	house     House
	languages map[casework.OrgID]string
}

// Case is a case as it is now.
type Case struct {
	Number      uint64            `json:"number"`
	Org         string            `json:"org"`
	Subject     string            `json:"subject"`
	Description string            `json:"description"`
	Status      string            `json:"status" enum:"new,assigned,started,waiting,done,closed,returned"`
	Class       string            `json:"class"`
	Priority    Priority          `json:"priority"`
	Object      string            `json:"object"`
	Assignee    string            `json:"assignee"`
	Proposed    string            `json:"proposed_supplier,omitempty" doc:"The contact of the supplier whom a route proposes for the order"`
	Fields      map[string]string `json:"fields"`
	Schedule    string            `json:"schedule,omitempty" doc:"That opened it"`
	Reporter    *Reporter         `json:"reporter" doc:"null where nobody is known to have reported it"`
	CreatedAt   time.Time         `json:"created_at"`
	UpdatedAt   time.Time         `json:"updated_at"`
	DueAt       *time.Time        `json:"due_at" doc:"Within the organisation's hours; it moves by the time that the case waits"`
	Waiting     *Waiting          `json:"waiting,omitempty" doc:"Of a case that waits"`
	ClosedAt    *time.Time        `json:"closed_at"`
	Access      *Access           `json:"access,omitempty" doc:"How somebody gets in; not there where nobody has said"`
	Hold        *Hold             `json:"hold,omitempty" doc:"A legal hold; not there: the case may be erased"`
	Internal    bool              `json:"internal,omitempty" doc:"The house's own business: no customer takes part, and none sees it; left out where it is not"`
	Links       []Link            `json:"links" nullable:"false"`
	Lanes       []Lane            `json:"lanes" nullable:"false"`
	Orders      []WorkOrder       `json:"orders" nullable:"false"`
	Watchers    []string          `json:"watchers,omitempty" doc:"Contacts of the house who hear of what happens on it"`
	Todo        []Todo            `json:"todo" nullable:"false" doc:"What waits for a person, as the to-do list has it: the most urgent first and of that the oldest"`
	Notices     []string          `json:"notices,omitempty" doc:"Of the answer to a call that gave the case a class or an object: what of it is not in the register, and was taken all the same"`
}

// TransformSchema implements huma.SchemaTransformer.
func (Case) TransformSchema(r huma.Registry, s *huma.Schema) *huma.Schema {
	orNull(s, "reporter", r.Schema(reflect.TypeFor[Reporter](), true, ""))
	return s
}

// orNull says that a property is an object or null, for which huma has no tag.
func orNull(s *huma.Schema, name string, ref *huma.Schema) {
	s.Properties[name] = &huma.Schema{AnyOf: []*huma.Schema{ref, {Type: "null"}}}
}

// Reporter is who reported a case.
type Reporter struct {
	Name     string `json:"name,omitempty" maxLength:"200"`
	Email    string `json:"email,omitempty" maxLength:"254"`
	Phone    string `json:"phone,omitempty" maxLength:"100"`
	Language string `json:"language,omitempty" maxLength:"35" doc:"BCP 47"`
}

// Access is how somebody gets in.
type Access struct {
	MasterKey   string     `json:"master_key" enum:"yes,no,"`
	MasterKeyBy *Actor     `json:"master_key_by,omitempty" doc:"Who said so last"`
	MasterKeyAt *time.Time `json:"master_key_at,omitempty"`
	KeyBox      string     `json:"key_box"`
	Pet         string     `json:"pet"`
	Present     string     `json:"present" enum:"yes,no,"`
	Times       string     `json:"times"`
}

func showAccess(a *casework.Access) *Access {
	if a == nil {
		return nil
	}
	out := &Access{MasterKey: a.MasterKey, KeyBox: a.KeyBox, Pet: a.Pet, Present: a.Present, Times: a.Times, MasterKeyAt: utc(a.MasterKeyAt)}
	if out.MasterKeyAt != nil {
		by := actor(a.MasterKeyBy)
		out.MasterKeyBy = &by
	}
	return out
}

// Waiting says what a case waits for.
type Waiting struct {
	For   string    `json:"for" enum:"parts,customer,access,other"`
	Text  string    `json:"text"`
	Since time.Time `json:"since"`
}

// Link ties a case to another one.
type Link struct {
	Kind string `json:"kind" enum:"continues,continued_by,parent_of,child_of,relates_to,merged_into,merged_from,split_into,split_from"`
	Case uint64 `json:"case"`
}

// Lane is the conversation with one counterpart.
type Lane struct {
	ID           string        `json:"id"`
	Kind         string        `json:"kind" enum:"customer,supplier,internal"`
	Participants []Participant `json:"participants" nullable:"false"`
	Left         bool          `json:"left,omitempty" doc:"Its people came by a merger that was taken back: they hear nothing by themselves"`
}

// Participant is somebody on a lane.
type Participant struct {
	ID      uint32 `json:"id" doc:"Number within the case"`
	Name    string `json:"name"`
	Email   string `json:"email"`
	Address string `json:"address" doc:"This participant's own reply address: what comes to it is on this case, on this lane"`
}

func (v view) kase(c casework.Case) (Case, error) {
	out := Case{
		Number: uint64(c.Number), Org: string(c.Org), Subject: c.Subject, Description: c.Description,
		Status: string(c.Status), Class: c.Class, Priority: Priority(c.Priority), Object: c.Object, Assignee: c.Assignee, Proposed: c.Proposed, Schedule: c.Schedule,
		Fields: map[string]string{}, CreatedAt: c.CreatedAt.UTC(), UpdatedAt: c.UpdatedAt.UTC(),
		DueAt: utc(c.DueAt), ClosedAt: utc(c.ClosedAt), Internal: c.Internal, Links: []Link{}, Lanes: []Lane{}, Orders: []WorkOrder{}, Todo: []Todo{},
	}
	maps.Copy(out.Fields, c.Fields)
	if r := c.Reporter; r != nil {
		out.Reporter = &Reporter{Name: r.Name, Email: r.Email, Phone: r.Phone, Language: r.Language}
	}
	out.Access, out.Hold = showAccess(c.Access), showHold(c.Hold)
	if w := c.Waiting; w != nil {
		out.Waiting = &Waiting{For: string(w.For), Text: w.Text, Since: w.Since.UTC()}
	}
	for _, l := range c.Links {
		out.Links = append(out.Links, Link{Kind: l.Kind, Case: uint64(l.Case)})
	}
	for _, w := range c.Watchers {
		out.Watchers = append(out.Watchers, w.Contact)
	}
	for _, t := range v.house.Tasks(c) {
		out.Todo = append(out.Todo, todo(c.Org, desk.Todo{Attention: t.Attention, Urgency: t.Urgency, Case: c}, v.languages[c.Org]))
	}
	for _, l := range c.Lanes {
		lane := Lane{ID: string(l.ID), Kind: string(l.Kind), Participants: []Participant{}, Left: l.Left}
		for _, p := range l.Participants {
			address, err := v.addresses.Address(c.Org, c.Number, p.No)
			if err != nil {
				return out, err
			}
			lane.Participants = append(lane.Participants, Participant{ID: uint32(p.No), Name: p.Name, Email: p.Email, Address: address})
		}
		out.Lanes = append(out.Lanes, lane)
	}
	for _, o := range c.Orders {
		out.Orders = append(out.Orders, workOrder(c.Number, o, c.Supplier(o)))
	}
	return out, nil
}
