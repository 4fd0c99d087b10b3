package casestore

import (
	"time"

	"smartmail/casework"
)

// TodoList names one list of what waits: everybody's, one person's, or what nobody has taken on at an object.
type TodoList struct{ kind, of string }

// TodoOfAll is the list of what waits for anybody.
func TodoOfAll() TodoList { return TodoList{"all", ""} }

// TodoFor is the list of what waits for somebody, by his name.
func TodoFor(who string) TodoList { return TodoList{"for", who} }

// TodoAt is the list of what nobody has taken on at an object.
func TodoAt(object string) TodoList { return TodoList{"at", object} }

// TodoListPrefix is the prefix in by_todo of a whole list.
func TodoListPrefix(org casework.OrgID, l TodoList) Key { return K(string(org)).Str(l.kind).Str(l.of) }

// TodoPrefix is the prefix in by_todo of what is on a list with that urgency, oldest first.
func TodoPrefix(org casework.OrgID, l TodoList, u casework.Urgency) Key {
	return TodoListPrefix(org, l).Uint(uint64(u))
}

// TodoPlace is where something stands among those of a prefix.
func TodoPlace(prefix Key, since time.Time, id string) Key { return prefix.Time(since).Str(id) }

// todoKeys are the positions in by_todo of all that waits on a case.
func todoKeys(c *casework.Case) (keys []Key) {
	for _, a := range c.Waits() {
		lists := []TodoList{TodoOfAll(), TodoFor(a.For)}
		if c.Object != "" && c.Assignee == "" && (a.Code == casework.CodeNew || a.Code == casework.CodeDeadline) {
			lists = append(lists, TodoAt(c.Object))
		}
		for _, l := range lists {
			keys = append(keys, TodoPlace(TodoPrefix(c.Org, l, c.Urgency(a)), a.Since, string(a.Entry)))
		}
	}
	return keys
}
