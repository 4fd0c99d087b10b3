package main

import (
	"os"
	"runtime/debug"
)

// The garbage collector's settings, unless GOGC or GOMEMLIMIT say otherwise. What stays in memory is little, what passes
// through it is much: collecting at a multiple of what stays saves a quarter of the processor time of a mail. Towards the
// limit, in bytes, it is collected ever more often, so that many big mails at once do not multiply their memory.
const (
	gcPercent   = 400
	memoryLimit = 288 << 20
)

func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
