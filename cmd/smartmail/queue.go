package main

import (
	"context"
	"time"
)

// queueAge is the age of the oldest waiting mail as /readyz shows it.
func (s *service) queueAge(ctx context.Context) string {
	age, err := s.desk.QueueAge(ctx)
	if err != nil {
		return "unknown"
	}
	return age.Round(time.Second).String()
}
