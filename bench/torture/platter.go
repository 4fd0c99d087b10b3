package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// platter is a disk on which nothing is sure before it was synced: of a file what was written, of a folder the names in it.
type platter struct {
	folder string
	files  map[int]*content
	names  map[string]int // that are sure; -1 is a folder
	loose  []act          // changes of names that are not sure yet, in their order
}

type content struct {
	sure  []byte
	loose []act // writes and sizes that are not sure yet
}

func newPlatter(folder string) *platter {
	return &platter{folder: folder, files: map[int]*content{}, names: map[string]int{}}
}

func (p *platter) file(n int) *content {
	c := p.files[n]
	if c == nil {
		c = &content{}
		p.files[n] = c
	}
	return c
}

// do makes an act.
func (p *platter) do(a act) {
	switch a.kind {
	case writeAt, setSize:
		c := p.file(a.file)
		c.loose = append(c.loose, a)
	case syncFile:
		p.file(a.file).sync(a)
	case failSync:
		for n, w := range p.file(a.file).loose {
			p.file(a.file).loose[n].doomed = w.kind == writeAt
		}
	case syncDir:
		var later []act
		for _, n := range p.loose {
			if n.ended < a.begun && filepath.Dir(n.path) == a.path {
				rename(p.names, n)
			} else {
				later = append(later, n)
			}
		}
		p.loose = later
	default:
		p.loose = append(p.loose, a)
	}
}

// sync makes sure what had been written when the sync began. What a failed sync has forgotten stays as it is: the next one does not make up
// for it, whatever it answers.
func (c *content) sync(a act) {
	var later []act
	for _, w := range c.loose {
		if w.ended >= a.begun || w.doomed { // it was written while the sync was under way: nobody knows
			later = append(later, w)
			continue
		}
		c.sure = put(c.sure, w)
		later = uncovered(later, w)
	}
	c.loose = later
}

// uncovered is what a write leaves of forgotten ones before it.
func uncovered(before []act, w act) (after []act) {
	end := w.offset + int64(len(w.data))
	for _, d := range before {
		if !d.doomed || w.kind != writeAt {
			after = append(after, d)
			continue
		}
		to := d.offset + int64(len(d.data))
		if n := min(to, w.offset) - d.offset; n > 0 {
			head := d
			head.data = d.data[:n]
			after = append(after, head)
		}
		if n := to - max(d.offset, end); n > 0 {
			tail := d
			tail.offset, tail.data = to-n, d.data[int64(len(d.data))-n:]
			after = append(after, tail)
		}
	}
	return after
}

// put applies a write or a size.
func put(b []byte, a act) []byte {
	end := a.offset + int64(len(a.data))
	if a.kind == setSize {
		end = a.offset
	}
	if end > int64(len(b)) {
		b = append(b, make([]byte, end-int64(len(b)))...)
	}
	if a.kind == setSize {
		return b[:end]
	}
	copy(b[a.offset:], a.data)
	return b
}

// rename applies a change of names.
func rename(names map[string]int, a act) {
	switch a.kind {
	case makeFile, linkName:
		names[a.path] = a.file
	case makeFolder:
		names[a.path] = -1
	case renameName:
		names[a.path] = a.file
		delete(names, a.from)
	case removeName:
		delete(names, a.path)
	}
}

// loss says what becomes of what is not sure.
type loss int

const (
	allLost loss = iota
	noneLost
	someLost // each by chance, and of writes perhaps a part
	losses
)

func (l loss) String() string { return [...]string{"all lost", "none lost", "some lost"}[l] }

// sector is what a disk writes at once, in bytes.
const sector = 512

// image writes the disk into an empty folder as the power cut leaves it. skip names files that are left out.
func (p *platter) image(to string, l loss, rnd *rand.Rand, skip func(string) bool) error {
	names := map[string]int{p.folder: -1}
	for path, file := range p.names {
		names[path] = file
	}
	lost := map[string]bool{} // folders of which a change was lost: what came later in them is lost too
	for _, a := range p.loose {
		dir := filepath.Dir(a.path)
		if l == allLost || lost[dir] || l == someLost && rnd.IntN(2) == 0 {
			lost[dir] = true
			continue
		}
		rename(names, a)
	}
	paths := make([]string, 0, len(names))
	for path := range names {
		paths = append(paths, path)
	}
	slices.Sort(paths) // a folder before what is in it
	for _, path := range paths {
		if path != p.folder && names[filepath.Dir(path)] != -1 {
			continue // its folder has no name
		}
		target := filepath.Join(to, strings.TrimPrefix(path, p.folder))
		if names[path] == -1 {
			if err := os.MkdirAll(target, 0o700); err != nil {
				return err
			}
			continue
		}
		if _, ok := names[filepath.Dir(path)]; !ok || skip(path) {
			continue
		}
		if err := os.WriteFile(target, p.file(names[path]).left(l, rnd), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// left is what the power cut leaves of a file.
func (c *content) left(l loss, rnd *rand.Rand) []byte {
	if l == allLost || len(c.loose) == 0 {
		return c.sure
	}
	b := slices.Clone(c.sure)
	for _, a := range c.loose {
		if l == someLost {
			switch rnd.IntN(3) {
			case 0:
				continue
			case 1:
				if n := len(a.data) / sector; n > 0 { // torn: some sectors at the beginning, or at the end
					if cut := rnd.IntN(n+1) * sector; rnd.IntN(2) == 0 {
						a.data = a.data[:cut]
					} else {
						a.data, a.offset = a.data[cut:], a.offset+int64(cut)
					}
				}
			}
		}
		b = put(b, a)
	}
	return b
}
