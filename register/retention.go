package register

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// MaxMonths is how long a retention rule may let closed cases be, in months.
const MaxMonths = 1200

// Retention is how long after they were closed an organisation's cases tell of people: by their class, or the nearest one above it that
// says so, else by what holds for all.
type Retention struct {
	months int            // for all; 0: for ever
	own    map[string]int // of classes that have a rule; 0: for ever
}

// NewRetention takes what holds for all cases, in months, 0 for ever, and the classes of the register. Archived ones count: their cases are there.
func NewRetention(months int, classes []Class) Retention {
	r := Retention{months: months, own: map[string]int{}}
	for _, c := range classes {
		if c.Retain != nil {
			r.own[c.Path] = *c.Retain
		}
	}
	return r
}

// For returns the class whose rule counts for a case of a class, "" for the one of all cases, and its months; 0: such cases are kept for ever.
func (r Retention) For(class string) (rule string, months int) {
	for _, path := range append([]string{class}, Above(class)...) {
		if n, ok := r.own[path]; ok && path != "" {
			return path, n
		}
	}
	return "", r.months
}

// RetentionRule is one rule by which cases are erased.
type RetentionRule struct {
	Class  string   // with all classes under it; empty: every case
	Months int      // after it was closed
	Except []string // classes for which another rule counts, or none
}

// Rules lists the rules by which anything is erased, in the order of their classes.
func (r Retention) Rules() (rules []RetentionRule) {
	add := func(class string, months int) {
		if months == 0 {
			return
		}
		rule := RetentionRule{Class: class, Months: months}
		for path := range r.own {
			up := append(Above(path), "")
			nearest := slices.IndexFunc(up, func(p string) bool { _, ok := r.own[p]; return ok || p == "" })
			if path != class && up[nearest] == class {
				rule.Except = append(rule.Except, path)
			}
		}
		slices.Sort(rule.Except)
		rules = append(rules, rule)
	}
	add("", r.months)
	for class, months := range r.own {
		add(class, months)
	}
	slices.SortFunc(rules, func(a, b RetentionRule) int { return strings.Compare(a.Class, b.Class) })
	return rules
}

// Edition names the rule as it is: another number of months, or another rule within its reach, is another edition.
func (r RetentionRule) Edition() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %d %q", r.Class, r.Months, r.Except))
	return fmt.Sprintf("%x", sum[:8])
}
