package hevc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// fuelName is the global that meter adds: the steps that are left, as an i64.
const fuelName = "fuel"

// Sections of a module (WebAssembly Core Specification 2.0, section 5.5).
const (
	sectionImport = 2
	sectionGlobal = 6
	sectionExport = 7
	sectionCode   = 10
)

var errModule = errors.New("hevc: a module that can't be metered")

// meter rewrites a WebAssembly module so that whoever runs it can bound its time: each pass through a loop and each call of
// a function takes one from an exported counter, and a counter below zero ends the run in a trap. The module must have a
// section of globals and one of exports, and import no global.
func meter(module []byte) ([]byte, error) {
	if !bytes.HasPrefix(module, []byte("\x00asm\x01\x00\x00\x00")) {
		return nil, fmt.Errorf("%w: no header", errModule)
	}
	out := bytes.NewBuffer(make([]byte, 0, 2*len(module)))
	out.Write(module[:8])
	r := wasmReader{b: module[8:]}
	fuel, exported := uint64(0), false
	for len(r.b) > 0 && r.err == nil {
		id := r.byte()
		section := wasmReader{b: r.take(r.leb())}
		switch id {
		case sectionImport:
			if err := refuseGlobals(section); err != nil {
				return nil, err
			}
		case sectionGlobal:
			fuel = section.leb()
			section.b = prefixed(fuel+1, section.b, []byte{0x7E, 0x01, 0x42, 0x00, 0x0B}) // mutable i64, at first 0
		case sectionExport:
			n := section.leb()
			name := append([]byte{byte(len(fuelName))}, fuelName...)
			section.b = prefixed(n+1, section.b, binary.AppendUvarint(append(name, 0x03), fuel))
			exported = true
		case sectionCode:
			if fuel == 0 || !exported {
				return nil, fmt.Errorf("%w: no globals or exports", errModule)
			}
			section.b = meterCode(&section, fuel)
		}
		if section.err != nil {
			return nil, section.err
		}
		out.WriteByte(id)
		out.Write(prefixed(uint64(len(section.b)), section.b))
	}
	return out.Bytes(), r.err
}

// prefixed is a number in LEB128 and the parts behind it.
func prefixed(n uint64, parts ...[]byte) []byte {
	b := binary.AppendUvarint(nil, n)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// refuseGlobals makes sure that the module's own globals are numbered from zero.
func refuseGlobals(r wasmReader) error {
	for range r.leb() {
		r.take(r.leb())
		r.take(r.leb())
		if kind := r.byte(); kind != 0 { // 0 is a function, whose type follows
			return fmt.Errorf("%w: it imports something that is no function", errModule)
		}
		r.leb()
	}
	return r.err
}

// meterCode puts a step at the head of each function and each loop (section 5.4 of the specification for the opcodes).
func meterCode(r *wasmReader, fuel uint64) []byte {
	step := binary.AppendUvarint([]byte{0x23}, fuel)              // global.get
	step = append(step, 0x42, 0x01, 0x7D)                         // i64.const 1, i64.sub
	step = binary.AppendUvarint(append(step, 0x24), fuel)         // global.set
	step = binary.AppendUvarint(append(step, 0x23), fuel)         // global.get
	step = append(step, 0x42, 0x00, 0x53, 0x04, 0x40, 0x00, 0x0B) // i64.const 0, i64.lt_s, if, unreachable, end
	n := r.leb()
	out := binary.AppendUvarint(nil, n)
	for range n {
		whole := r.take(r.leb())
		f := wasmReader{b: whole}
		for range f.leb() { // locals
			f.leb()
			f.byte()
		}
		body := append(bytes.Clone(whole[:len(whole)-len(f.b)]), step...)
		for len(f.b) > 0 && f.err == nil {
			before := f.b
			op := f.byte()
			f.immediates(op)
			body = append(body, before[:len(before)-len(f.b)]...)
			if op == 0x03 { // loop
				body = append(body, step...)
			}
		}
		if r.err == nil {
			r.err = f.err
		}
		if r.err != nil {
			return nil
		}
		out = append(out, prefixed(uint64(len(body)), body)...)
	}
	return out
}

// wasmReader takes what a module is made of; after the end it gives zeros and an error.
type wasmReader struct {
	b   []byte
	err error
}

func (r *wasmReader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.b, r.err = nil, fmt.Errorf("%w: cut short", errModule)
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *wasmReader) byte() byte {
	if b := r.take(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

// leb takes a number in LEB128, of at most 64 bits; of a signed one only the length is right, which is all that is asked.
func (r *wasmReader) leb() uint64 {
	n := uint64(0)
	for i := range 10 {
		b := r.byte()
		n |= uint64(b&0x7F) << (7 * i)
		if b < 0x80 {
			return n
		}
	}
	r.b, r.err = nil, fmt.Errorf("%w: a number", errModule)
	return 0
}

// immediates steps over what belongs to an instruction.
func (r *wasmReader) immediates(op byte) {
	numbers := uint64(0)
	switch {
	case op == 0x0E: // br_table
		numbers = r.leb() + 1
	case op == 0x1C: // select with types
		r.take(r.leb())
	case op == 0x43: // f32.const
		r.take(4)
	case op == 0x44: // f64.const
		r.take(8)
	case op == 0xFC:
		numbers = r.bulk()
	case op == 0x11, op >= 0x28 && op <= 0x3E: // call_indirect, loads and stores
		numbers = 2
	case op >= 0x02 && op <= 0x04, op == 0x0C, op == 0x0D, op == 0x10, op >= 0x20 && op <= 0x26, op >= 0x3F && op <= 0x42, op == 0xD0, op == 0xD2:
		numbers = 1
	case op <= 0x01, op == 0x05, op == 0x0B, op == 0x0F, op == 0x1A, op == 0x1B, op >= 0x45 && op <= 0xC4, op == 0xD1:
	default:
		r.b, r.err = nil, fmt.Errorf("%w: instruction %#x", errModule, op)
	}
	for ; numbers > 0 && r.err == nil; numbers-- {
		r.leb()
	}
}

// bulk is how many numbers follow an instruction of those that begin with 0xFC.
func (r *wasmReader) bulk() uint64 {
	switch op := r.leb(); op {
	case 0, 1, 2, 3, 4, 5, 6, 7: // conversions
		return 0
	case 9, 11, 13, 15, 16, 17: // data.drop, memory.fill, elem.drop, table.grow, size and fill
		return 1
	case 8, 10, 12, 14: // memory.init and copy, table.init and copy
		return 2
	default:
		r.b, r.err = nil, fmt.Errorf("%w: instruction 0xfc %d", errModule, op)
		return 0
	}
}
