package follow_test

import (
	"testing"

	"smartmail/follow"
)

func TestBell(t *testing.T) {
	var b follow.Bell
	b.Ring() // nobody waits
	one, other := b.Next(), b.Next()
	select {
	case <-one:
		t.Error("a ring from before is heard")
	default:
	}
	b.Ring()
	<-one
	<-other
	select {
	case <-b.Next():
		t.Error("a ring is heard twice")
	default:
	}
}
