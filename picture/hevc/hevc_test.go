package hevc

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"image"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// A picture of 160 by 80 pixels, white but for the upper left quarter, which is black.
var (
	//go:embed testdata/corner.hvcc
	cornerConfig []byte
	//go:embed testdata/corner.hevc
	cornerData []byte
)

func corner() Still { return Still{cornerConfig, cornerData, 160, 80} }

var plenty = Limits{Memory: 64 << 20, Steps: 1 << 40}

// isCorner tells whether a picture is the one above; the image is looked at while it may be.
func isCorner(m image.Image) error {
	for x, want := range map[int]bool{10: true, 70: true, 90: false, 159: false} {
		for y, upper := range map[int]bool{5: true, 35: true, 45: false, 79: false} {
			r, _, _, _ := m.At(x, y).RGBA()
			if black := r < 0x8000; black != (want && upper) {
				return errors.New("another picture")
			}
		}
	}
	return nil
}

func TestDecode(t *testing.T) {
	d := New(2)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			n := 0
			err := d.Decode(t.Context(), []Still{corner(), corner(), corner()}, plenty, func(i int, m image.Image) error {
				if i != n || m.Bounds() != image.Rect(0, 0, 160, 80) {
					t.Errorf("picture %d: %v", i, m.Bounds())
				}
				n++
				return isCorner(m)
			})
			if err != nil || n != 3 {
				t.Errorf("%d pictures, %v", n, err)
			}
		})
	}
	wait.Wait()
	stop := errors.New("enough")
	if err := d.Decode(t.Context(), []Still{corner()}, plenty, func(int, image.Image) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the caller stopped it: %v", err)
	}
}

func TestBounds(t *testing.T) {
	d := New(1)
	change := func(f func(*Still)) Still {
		s := corner()
		f(&s)
		return s
	}
	deep := bytes.Clone(cornerConfig)
	deep[17] |= 2 // says 10 bits: gets more memory
	for name, tt := range map[string]struct {
		still  Still
		limits Limits
		want   error
	}{
		"as it is":          {corner(), plenty, nil},
		"no memory":         {corner(), Limits{100_000, plenty.Steps}, ErrTooMuch},
		"little memory":     {corner(), Limits{220_000, plenty.Steps}, ErrTooMuch},
		"no steps":          {corner(), Limits{plenty.Memory, 0}, ErrTooMuch},
		"few steps":         {corner(), Limits{plenty.Memory, 1_000_000}, ErrTooMuch},
		"huge":              {change(func(s *Still) { s.Width, s.Height = 16000, 16000 }), plenty, ErrTooMuch},
		"beyond any":        {change(func(s *Still) { s.Width, s.Height = 1<<31, 1<<31 }), plenty, ErrDamaged},
		"negative":          {change(func(s *Still) { s.Width = -1 }), plenty, ErrDamaged},
		"no pixels":         {change(func(s *Still) { s.Data = nil }), plenty, ErrDamaged},
		"no configuration":  {change(func(s *Still) { s.Config = nil }), plenty, ErrDamaged},
		"cut short":         {change(func(s *Still) { s.Data = s.Data[:3] }), plenty, ErrDamaged},
		"says it is deeper": {change(func(s *Still) { s.Config = deep }), plenty, nil},
	} {
		err := d.Decode(t.Context(), []Still{tt.still}, tt.limits, func(_ int, m image.Image) error { return isCorner(m) })
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, expected %v", name, err, tt.want)
		}
	}
	// The steps are for all pictures together: enough for each is not enough for many.
	if err := d.Decode(t.Context(), []Still{corner(), corner(), corner()}, Limits{plenty.Memory, 4_000_000}, func(_ int, m image.Image) error { return isCorner(m) }); !errors.Is(err, ErrTooMuch) {
		t.Errorf("three pictures with the steps of two: %v", err)
	}
}

// Who waits for his turn can go.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := New(1)
		d.turns <- struct{}{}
		ctx, cancel := context.WithCancel(t.Context())
		var err error
		done := make(chan struct{})
		go func() {
			err = d.Decode(ctx, []Still{corner()}, plenty, func(int, image.Image) error { return nil })
			close(done)
		}()
		synctest.Wait()
		cancel()
		<-done
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// The module is the one that README.md tells of.
func TestModuleIsUnchanged(t *testing.T) {
	const want = "3634a6447ea3915633667f39e01ff540a60f4e2f837a8391d044d76dfd8a0435"
	if sum := sha256.Sum256(packed); hex.EncodeToString(sum[:]) != want {
		t.Errorf("sha256 %x, expected %s", sum, want)
	}
}

// endless is a module, section by section, with three functions: loop, which never ends, tree, which calls itself 2^n times, and end,
// whose numbers look like loops.
func endless() [][]byte {
	section := func(id byte, b ...byte) []byte { return append([]byte{id}, prefixed(uint64(len(b)), b)...) }
	body := func(code ...byte) []byte { return prefixed(uint64(len(code)+2), []byte{0}, code, []byte{0x0B}) }
	loop := body(0x03, 0x40, 0x0C, 0, 0x0B)
	call := []byte{0x20, 0, 0x41, 1, 0x6B, 0x10, 1} // itself with n-1
	tree := body(slices.Concat([]byte{0x20, 0, 0x45, 0x04, 0x40, 0x0F, 0x0B}, call, call)...)
	end := body(0x42, 0x83, 0x83, 0x83, 0x83, 0x83, 0x83, 0x83, 0x83, 0x83, 0x7F, 0x1A, 0x44, 3, 3, 3, 3, 3, 3, 3, 3, 0x1A)
	return [][]byte{
		[]byte("\x00asm\x01\x00\x00\x00"),
		section(1, 2, 0x60, 0, 0, 0x60, 1, 0x7F, 0),
		section(3, 3, 0, 1, 0),
		section(6, 1, 0x7F, 0, 0x41, 0, 0x0B),
		section(7, 3, 4, 'l', 'o', 'o', 'p', 0, 0, 4, 't', 'r', 'e', 'e', 0, 1, 3, 'e', 'n', 'd', 0, 2),
		section(10, slices.Concat([]byte{3}, loop, tree, end)...),
	}
}

func TestMeterStopsWhatDoesNotEnd(t *testing.T) {
	b, err := meter(bytes.Join(endless(), nil))
	if err != nil {
		t.Fatal(err)
	}
	r := wazero.NewRuntime(t.Context())
	defer func() { _ = r.Close(t.Context()) }()
	m, err := r.Instantiate(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	fuel := m.ExportedGlobal(fuelName).(api.MutableGlobal)
	for name, tt := range map[string]struct {
		args []uint64
		ends bool
		left int64
	}{
		"loop": {nil, false, -1},
		"tree": {[]uint64{60}, false, -1}, // 2^60 calls
		"end":  {nil, true, 999},
	} {
		fuel.Set(1000)
		_, err := m.ExportedFunction(name).Call(t.Context(), tt.args...)
		if left := int64(fuel.Get()); (err == nil) != tt.ends || left != tt.left {
			t.Errorf("%s: %d steps left, %v", name, left, err)
		}
	}
}

func TestMeterRefuses(t *testing.T) {
	var whole []byte
	ends := map[int]bool{}
	for _, section := range endless() {
		whole = append(whole, section...)
		ends[len(whole)] = true
	}
	for n := range len(whole) {
		if _, err := meter(whole[:n]); !ends[n] && !errors.Is(err, errModule) {
			t.Errorf("cut short at %d: %v", n, err)
		}
	}
	for name, change := range map[string][2][]byte{
		"an unknown instruction": {{0x03, 0x40, 0x0C}, {0xFD, 0x00, 0x0C}},
		"no globals":             {{6, 6, 1, 0x7F}, {5, 6, 1, 0x7F}},
		"an endless number":      {{0x83, 0x7F, 0x1A}, {0x83, 0xFF, 0x9A}},
	} {
		b := bytes.Replace(whole, change[0], change[1], 1)
		if _, err := meter(b); !errors.Is(err, errModule) || bytes.Equal(b, whole) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is handed to the decoder, it answers with a picture or one of its errors, within what it may take.
func FuzzDecode(f *testing.F) {
	f.Add(cornerConfig, cornerData, uint16(160), uint16(80))
	f.Add(cornerConfig, append(binary.BigEndian.AppendUint32(nil, 1<<30), cornerData...), uint16(64), uint16(64))
	d := New(1)
	if _, err := d.load(); err != nil { // before the clock of the first input runs: instrumented, it takes seconds
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, config, data []byte, w, h uint16) {
		limits := Limits{Memory: 4 << 20, Steps: 20_000_000}
		err := d.Decode(t.Context(), []Still{{config, data, int(w), int(h)}}, limits, func(_ int, m image.Image) error {
			if m.Bounds() != image.Rect(0, 0, int(w), int(h)) {
				t.Error(m.Bounds())
			}
			m.At(int(w)-1, int(h)-1)
			return nil
		})
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrTooMuch) {
			t.Error(err)
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := loadEngine(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMeter(b *testing.B) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		b.Fatal(err)
	}
	module, err := io.ReadAll(z)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := meter(module); err != nil {
			b.Fatal(err)
		}
	}
}
