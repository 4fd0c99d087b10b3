package main

import (
	"context"
	"time"

	"smartmail/casework"
	"smartmail/config"
)

// reminding is when suppliers are reminded of their orders.
func reminding(r config.Remind, hours casework.WorkingHours) casework.Reminding {
	return casework.Reminding{
		Accept: time.Duration(*r.Accept), BeforeDeadline: time.Duration(*r.BeforeDeadline), AfterDeadline: time.Duration(*r.AfterDeadline),
		Times: *r.Times, Location: hours.Location, Holiday: hours.Holiday,
	}
}

// runTimers does what is due, every minute. Failures are told and tried again.
func (s *service) runTimers(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		if _, err := s.desk.RunTimers(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("timers", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
