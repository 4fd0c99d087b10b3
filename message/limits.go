package message

import "time"

// Limits bound what Parse does with one mail. A zero field means the default.
type Limits struct {
	Depth       int           // multiparts within each other; default 10
	Parts       int           // parts of any kind; default 500
	HeaderBytes int           // of the header kept for the decoded view, the parts' headers included; default 1 MiB
	TextBytes   int           // of the decoded text, and of the HTML, that are shown; default 1 MiB
	Addresses   int           // kept of To, and of Cc; default 200
	Budget      time.Duration // for one Parse; default 10 s

	// NullReversePath says that the envelope's reverse-path was the null one (RFC 5321 section 4.5.5). It is no limit,
	// but the one thing outside the mail that the class depends on.
	NullReversePath bool
}

func (l Limits) orDefaults() Limits {
	set := func(n *int, def int) {
		if *n <= 0 {
			*n = def
		}
	}
	set(&l.Depth, 10)
	set(&l.Parts, 500)
	set(&l.HeaderBytes, 1<<20)
	set(&l.TextBytes, 1<<20)
	set(&l.Addresses, 200)
	if l.Budget <= 0 {
		l.Budget = 10 * time.Second
	}
	return l
}

// Bounds that no configuration changes.
const (
	maxField      = 64 << 10 // bytes kept of one header field in the decoded view
	maxBoundary   = 1000     // a boundary is at most 70 characters (RFC 2046 section 5.1.1); some are longer
	maxSubject    = 4 << 10
	maxName       = 1 << 10 // display names
	maxFileName   = 200
	maxReferences = 100
	maxReturned   = 200
	maxReport     = 256 << 10 // bytes read of a delivery status or of a returned header
	maxBounces    = 500
	inMemory      = 256 << 10 // a mail of at most that size is read at once
	window        = 64 << 10  // of a bigger mail, so much is in memory at a time
)
