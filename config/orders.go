package config

import "smartmail/casework"

// Orders sets up what happens to orders by itself.
type Orders struct {
	Remind Remind `yaml:"remind"`
}

// Remind says when suppliers are reminded of orders. What is not given is the default.
type Remind struct {
	Accept         *Duration `yaml:"accept"`          // without an answer; and again as often as times says
	BeforeDeadline *Duration `yaml:"before_deadline"` // once; 0s: not
	AfterDeadline  *Duration `yaml:"after_deadline"`  // and again as often as times says
	Times          *int      `yaml:"times"`           // then the orderer has it to do; 0: nobody is ever reminded
}

// Deadline says what happens when the deadline of a case comes near, and when it is over. What is not given is the default.
type Deadline struct {
	Warn          *Duration `yaml:"warn"`           // how long before it the case is in somebody's to-do list
	EscalateAfter Duration  `yaml:"escalate_after"` // how long after it whoever answers for the case is told; 0s: at once
	Manager       string    `yaml:"manager"`        // contact who answers for cases whose class names nobody; empty: nobody
}

func (d *Deadline) defaults() {
	if d.Warn == nil {
		near := Duration(casework.Near)
		d.Warn = &near
	}
}

func (k *checker) deadline(key string, d Deadline) {
	if *d.Warn < minutes(1) || *d.Warn > minutes(365*24*60) {
		k.fail(key+".warn", "is not from a minute to a year")
	}
	if d.EscalateAfter < 0 || d.EscalateAfter > minutes(365*24*60) {
		k.fail(key+".escalate_after", "is not from 0s to a year")
	}
}

// maxReminders is more than anybody reads.
const maxReminders = 20

func (r *Remind) defaults() {
	day, times := minutes(24*60), 3
	for _, d := range []**Duration{&r.Accept, &r.BeforeDeadline, &r.AfterDeadline} {
		if *d == nil {
			*d = &day
		}
	}
	if r.Times == nil {
		r.Times = &times
	}
}

func (k *checker) remind(key string, r Remind) {
	for name, d := range map[string]*Duration{"accept": r.Accept, "before_deadline": r.BeforeDeadline, "after_deadline": r.AfterDeadline} {
		if *d < 0 || *d > 0 && *d < minutes(1) {
			k.fail(key+"."+name, "is 0s (not at all), or a minute and more")
		}
	}
	if *r.Times < 0 || *r.Times > maxReminders {
		k.fail(key+".times", "%d is not from 0 to %d", *r.Times, maxReminders)
	}
}

// Retention says for how long closed cases tell of people, where their class does not say so.
type Retention struct {
	Months int `yaml:"months"` // after closing; 0: for ever
}

func (k *checker) retention(key string, r Retention) {
	if r.Months < 0 || r.Months > maxMonths {
		k.fail(key+".months", "%d is not from 0 to %d", r.Months, maxMonths)
	}
}

// maxMonths is that of a class in the register.
const maxMonths = 1200
