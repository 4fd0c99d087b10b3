package hevc

import "github.com/tetratelabs/wazero/experimental"

// What decoding takes, measured with pictures of noise: 2 million steps for each picture, 15 for each pixel and 100 for each
// byte; 7 bytes for each pixel of 8 bits with colours in half resolution, and 13 with 12 bits. These are twice that and more.
const (
	stepsPerPicture = 4_000_000
	stepsPerPixel   = 50
	stepsPerByte    = 250

	memoryPerPicture   = 4 << 20
	memoryPerPixel     = 9
	memoryPerDeepPixel = 27
	memoryPerByte      = 2
	maxSide            = 1 << 14 // of a picture, in pixels; twice what the highest level of HEVC allows
)

// lent is what instances get, one after the other.
type lent struct {
	arena
	steps int64
}

// lend takes memory for the biggest of the pictures.
func lend(stills []Still, limits Limits) (*lent, error) {
	memory, steps := 0, int64(0)
	for _, s := range stills {
		if s.Width <= 0 || s.Height <= 0 || s.Width > maxSide || s.Height > maxSide {
			return nil, ErrDamaged
		}
		pixels, coded := s.Width*s.Height, len(s.Config)+len(s.Data)
		if pixels+coded > limits.Memory {
			return nil, ErrTooMuch
		}
		perPixel := memoryPerPixel
		if !s.plain() {
			perPixel = memoryPerDeepPixel
		}
		memory = max(memory, memoryPerPicture+perPixel*pixels+memoryPerByte*coded)
		steps += int64(stepsPerPicture + stepsPerPixel*pixels + stepsPerByte*coded)
	}
	return &lent{arena{buf: make([]byte, min(memory, limits.Memory))}, min(steps, limits.Steps)}, nil
}

// arena is the memory of instances. It never grows beyond what was lent.
type arena struct {
	buf     []byte
	used    uint64
	refused bool
}

// Allocate implements experimental.MemoryAllocator.
func (a *arena) Allocate(_, _ uint64) experimental.LinearMemory { return a }

// Reallocate implements experimental.LinearMemory.
func (a *arena) Reallocate(size uint64) []byte {
	if size > uint64(len(a.buf)) {
		a.refused = true
		return nil
	}
	a.used = max(a.used, size)
	return a.buf[:size:size]
}

// Free implements experimental.LinearMemory. The next instance begins with zeros.
func (a *arena) Free() {
	clear(a.buf[:a.used])
	a.used, a.refused = 0, false
}
