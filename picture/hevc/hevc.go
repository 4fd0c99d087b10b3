package hevc

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"image"
	"io"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

//go:embed heif.wasm.gz
var packed []byte

// Errors, for errors.Is. The first two are the picture's fault.
var (
	ErrDamaged     = errors.New("hevc: the picture can't be decoded")
	ErrTooMuch     = errors.New("hevc: the picture takes more memory or steps than it may")
	ErrUnavailable = errors.New("hevc: there is no decoder on this machine")
)

// Still is one coded picture of a HEIF file.
type Still struct {
	Config        []byte // the property hvcC: ISO/IEC 14496-15 section 8.3.3.1
	Data          []byte // NAL units, each with its length before it
	Width, Height int    // in pixels; the property ispe
}

// Limits bound a call of Decode. It takes less where less is enough for what the pictures say that they are.
type Limits struct {
	Memory int   // bytes, coded and decoded pictures included
	Steps  int64 // passes through loops and calls of functions, for all pictures together; some 300 million a second
}

// Decoder decodes. It is safe for concurrent use.
type Decoder struct {
	turns chan struct{}
	load  func() (*engine, error)
}

// New makes a decoder that decodes for at most jobs callers at once; others wait. Nothing is loaded before the first picture.
func New(jobs int) *Decoder {
	return &Decoder{turns: make(chan struct{}, jobs), load: sync.OnceValues(loadEngine)}
}

// engine is the compiled module.
type engine struct {
	runtime wazero.Runtime
	module  wazero.CompiledModule
}

// loadEngine unpacks and compiles the decoder: half a second.
func loadEngine() (_ *engine, err error) {
	defer func() {
		if r := recover(); r != nil { // wazero panics where memory can't be made executable
			err = fmt.Errorf("%w: %v", ErrUnavailable, r)
		}
	}()
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if b, err = meter(b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	ctx := context.Background()                                               // of the process, not of the picture that happens to be the first
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler()) // or nothing: interpreted, steps take far longer
	module, err := rt.CompileModule(ctx, b)
	if err == nil {
		_, err = wasi_snapshot_preview1.Instantiate(ctx, rt) // with nothing behind it: no files, no arguments, output discarded
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrUnavailable, err), rt.Close(ctx))
	}
	return &engine{rt, module}, nil
}

// Decode decodes pictures one after the other and gives each to take, which must be done with it when it returns: the
// next picture is written over it. Pictures have the colours and the turn in which they are stored. The error is
// ErrDamaged, ErrTooMuch, ErrUnavailable, the context's or take's own; the context is looked at before each picture.
func (d *Decoder) Decode(ctx context.Context, stills []Still, limits Limits, take func(i int, m image.Image) error) error {
	select {
	case d.turns <- struct{}{}:
		defer func() { <-d.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	e, err := d.load()
	if err != nil {
		return err
	}
	lent, err := lend(stills, limits)
	if err != nil {
		return err
	}
	for i, s := range stills {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := e.decode(s, lent, func(m image.Image) error { return take(i, m) }); err != nil {
			return err
		}
	}
	return nil
}
