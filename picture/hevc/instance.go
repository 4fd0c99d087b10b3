package hevc

import (
	"context"
	"fmt"
	"image"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// instance is one run of the module.
type instance struct {
	module api.Module
	err    error
}

func (e *engine) decode(s Still, l *lent, take func(image.Image) error) error {
	if len(l.buf) < int(e.module.ExportedMemories()["memory"].Min())<<16 {
		return ErrTooMuch
	}
	// The context stops no calls: the steps that are left do.
	ctx := experimental.WithMemoryAllocator(context.Background(), l)
	module, err := e.runtime.InstantiateModule(ctx, e.module, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer func() { _ = module.Close(ctx) }()
	fuel, ok := module.ExportedGlobal(fuelName).(api.MutableGlobal)
	if !ok {
		return ErrUnavailable
	}
	fuel.Set(uint64(l.steps))
	x := &instance{module: module}
	x.call("_initialize")
	m := x.picture(s)
	l.steps = int64(fuel.Get())
	switch {
	case l.refused, l.steps < 0:
		return ErrTooMuch
	case x.err != nil:
		why, _, _ := strings.Cut(x.err.Error(), "\n") // without the trace
		return fmt.Errorf("%w: %s", ErrDamaged, why)
	case m == nil:
		return ErrDamaged
	}
	return take(m)
}

// call calls an exported function; after an error it does nothing and gives 0.
func (x *instance) call(name string, args ...uint64) uint32 {
	if x.err != nil {
		return 0
	}
	results, err := x.module.ExportedFunction(name).Call(context.Background(), args...)
	if x.err = err; err != nil || len(results) == 0 {
		return 0
	}
	return uint32(results[0])
}

// Numbers of libheif's API (enum heif_colorspace, enum heif_chroma).
const (
	spaceYCbCr, spaceRGB, spaceGray = 0, 1, 2
	chroma420, chroma422, chroma444 = 1, 2, 3
)

// answer is what the module writes about a picture, at an address that it is given.
type answer struct{ width, height, space, chroma int }

const answerSize = 5 * 4 // the fifth number is about transparency

func (x *instance) answer(at uint32) answer {
	var v [4]uint32
	for i := range v {
		v[i], _ = x.module.Memory().ReadUint32Le(at + uint32(4*i))
	}
	return answer{int(v[0]), int(v[1]), int(v[2]), int(v[3])}
}

// picture asks first what the picture is, then has it decoded into a buffer of the right size. The image lies in the
// instance's memory.
func (x *instance) picture(s Still) image.Image {
	file := container(s)
	in := x.malloc(len(file))
	about := x.malloc(answerSize)
	if x.err != nil || !x.module.Memory().Write(in, file) {
		return nil
	}
	ask := func(onlyAbout, out uint32) bool {
		args := []uint64{uint64(in), uint64(len(file)), uint64(onlyAbout)}
		for i := range uint64(5) {
			args = append(args, uint64(about)+4*i)
		}
		return x.call("decode", append(args, uint64(out))...) != 0
	}
	if !ask(1, 0) {
		return nil
	}
	a := x.answer(about)
	if a.width != s.Width || a.height != s.Height {
		return nil
	}
	p, size := a.planes()
	out := x.malloc(size)
	if size == 0 || !ask(0, out) || x.answer(about) != a {
		return nil
	}
	pixels, ok := x.module.Memory().Read(out, uint32(size))
	if !ok {
		return nil
	}
	return p(pixels)
}

func (x *instance) malloc(size int) uint32 {
	at := x.call("malloc", uint64(size))
	if at == 0 && x.err == nil {
		x.err = ErrTooMuch
	}
	return at
}

// planes tells how the module lays out a picture's pixels, and how many bytes they take; 0 bytes for what it can't lay out.
// Each row of each plane begins at a multiple of 16, and has room for 64 pixels at least.
func (a answer) planes() (func([]byte) image.Image, int) {
	row := func(n int) int { return (max(n, 64) + 15) &^ 15 }
	rect := image.Rect(0, 0, a.width, a.height)
	switch {
	case a.space == spaceGray:
		stride := row(a.width)
		return func(b []byte) image.Image { return &image.Gray{Pix: b, Stride: stride, Rect: rect} }, stride * a.height
	case a.space == spaceRGB:
		stride := 4 * row(a.width)
		return func(b []byte) image.Image { return &image.NRGBA{Pix: b, Stride: stride, Rect: rect} }, stride * a.height
	case a.space != spaceYCbCr:
		return nil, 0
	}
	ratio, cw, ch := image.YCbCrSubsampleRatio444, a.width, a.height
	switch a.chroma {
	case chroma420:
		ratio, cw, ch = image.YCbCrSubsampleRatio420, (a.width+1)/2, (a.height+1)/2
	case chroma422:
		ratio, cw = image.YCbCrSubsampleRatio422, (a.width+1)/2
	case chroma444:
	default:
		return nil, 0
	}
	y, c := row(a.width)*a.height, row(cw)*ch
	return func(b []byte) image.Image {
		return &image.YCbCr{Y: b[:y:y], Cb: b[y : y+c : y+c], Cr: b[y+c:], YStride: row(a.width), CStride: row(cw), SubsampleRatio: ratio, Rect: rect}
	}, y + 2*c
}
