package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// tape is what the calls did to the files under a folder, which answers were given when, and which mails were sent.
type tape struct {
	acts    []act
	answers []answered
	left    []leaving
	failed  []int // lines at which a call failed that strace let fail
}

// leaving is a mail of the program's own of which a part was written to a peer at that line.
type leaving struct {
	line int
	id   string // Message-ID
}

// answered is a 250 that was written to a peer at that line.
type answered struct {
	line int
	text string
}

type actKind int

const (
	makeFile actKind = iota // a new, empty file gets a name
	makeFolder
	linkName
	renameName
	removeName
	writeAt
	setSize
	syncFile // of a file: its content
	syncDir  // of a folder: its names
	failSync // of a file: the kernel forgets that its content is to be written
)

// act is one change, or one sync.
type act struct {
	kind         actKind
	begun, ended int
	file         int // whose content; files are numbered as they were made
	path, from   string
	offset       int64
	data         []byte
	doomed       bool // written before a sync that failed
}

// open is an open file or folder.
type opened struct {
	file   int // -1: a folder
	path   string
	offset int64
}

// roll turns calls into a tape of what happened under a folder.
func roll(calls []call, folder string) (tape, error) {
	// A number is free from when its close begins: another thread may be given it before that close is seen to end.
	order := func(c call) int {
		if c.name == "close" {
			return c.begun
		}
		return c.ended
	}
	slices.SortStableFunc(calls, func(a, b call) int { return cmp.Compare(order(a), order(b)) })
	r := roller{folder: folder, names: map[string]int{}, fds: map[int]*opened{}}
	for _, c := range calls {
		if c.injected {
			r.failed = append(r.failed, c.ended)
		}
		if c.result < 0 {
			r.unsynced(c)
			continue
		}
		if err := r.call(c); err != nil {
			return r.tape, err
		}
	}
	return r.tape, nil
}

// roller follows which names and descriptors files have.
type roller struct {
	tape
	folder string
	files  int            // made so far
	names  map[string]int // of files
	fds    map[int]*opened
}

func (r *roller) under(path string) bool {
	return path == r.folder || strings.HasPrefix(path, r.folder+"/")
}

func (r *roller) call(c call) error {
	a := act{begun: c.begun, ended: c.ended}
	switch c.name {
	case "openat":
		return r.open(a, c)
	case "close":
		delete(r.fds, number(c.args[0]))
		return nil
	case "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "rename", "renameat", "renameat2", "link", "linkat":
		r.name(a, c)
		return nil
	}
	if c.name == "write" && tcp(c.args[0]) {
		r.answer(c)
		return nil
	}
	if o := r.fds[number(c.args[0])]; o != nil {
		return r.change(a, c, o)
	}
	return nil
}

// unsynced notes a sync of a file that failed. One of a folder is as if it had not been: names go through the file system's journal,
// which does not forget them.
func (r *roller) unsynced(c call) {
	if c.name != "fsync" && c.name != "fdatasync" {
		return
	}
	if o := r.fds[number(c.args[0])]; o != nil && o.file >= 0 {
		r.acts = append(r.acts, act{kind: failSync, begun: c.begun, ended: c.ended, file: o.file, path: o.path})
	}
}

// answer notes the 250s that a peer is told, and the mails that it is given.
func (r *roller) answer(c call) {
	for line := range strings.Lines(c.args[1]) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "250 2.0.0 OK ") {
			r.answers = append(r.answers, answered{c.begun, line})
		}
		if id, ok := strings.CutPrefix(line, "Message-ID: <"); ok {
			r.left = append(r.left, leaving{c.begun, strings.TrimSuffix(id, ">")})
		}
	}
}

// open notes a descriptor, and a file that it made.
func (r *roller) open(a act, c call) error {
	path, flags := filepath.Clean(c.args[1]), c.args[2]
	if delete(r.fds, int(c.result)); !r.under(path) {
		return nil
	}
	file, known := r.names[path]
	if strings.Contains(flags, "O_APPEND") || strings.Contains(flags, "O_TRUNC") && known {
		return fmt.Errorf("%s is opened in a way that is not played back: %s", path, flags)
	}
	switch {
	case strings.Contains(flags, "O_CREAT") && !known:
		file = r.files
		r.files++
		r.names[path] = file
		a.kind, a.path, a.file = makeFile, path, file
		r.acts = append(r.acts, a)
	case !known:
		file = -1
	}
	r.fds[int(c.result)] = &opened{file: file, path: path}
	return nil
}

// change adds what was done to an open file or folder.
func (r *roller) change(a act, c call, o *opened) (err error) {
	a.file, a.path = o.file, o.path
	switch c.name {
	case "write":
		a.kind, a.offset, a.data = writeAt, o.offset, []byte(c.args[1])[:c.result]
		o.offset += c.result
	case "pwrite64":
		a.kind, a.data = writeAt, []byte(c.args[1])[:c.result]
		a.offset, err = strconv.ParseInt(c.args[3], 10, 64)
	case "ftruncate":
		a.kind = setSize
		a.offset, err = strconv.ParseInt(c.args[1], 10, 64)
	case "lseek":
		o.offset = c.result
		return nil
	case "fsync", "fdatasync":
		if a.kind = syncFile; o.file < 0 {
			a.kind = syncDir
		}
	default:
		return fmt.Errorf("%s on %s cannot be played back", c.name, o.path)
	}
	r.acts = append(r.acts, a)
	return err
}

// name adds a change of names.
func (r *roller) name(a act, c call) {
	var paths []string
	for _, arg := range c.args {
		if strings.HasPrefix(arg, "/") {
			paths = append(paths, filepath.Clean(arg))
		}
	}
	if len(paths) == 0 || !r.under(paths[len(paths)-1]) {
		return
	}
	a.path = paths[len(paths)-1]
	switch {
	case strings.HasPrefix(c.name, "mkdir"):
		a.kind = makeFolder
	case strings.HasPrefix(c.name, "link"):
		a.kind, a.from, a.file = linkName, paths[0], r.names[paths[0]]
		r.names[a.path] = a.file
	case strings.HasPrefix(c.name, "rename"):
		a.kind, a.from, a.file = renameName, paths[0], r.names[paths[0]]
		if other, ok := r.names[a.path]; ok && other == a.file {
			return // two names of one file: nothing happens
		}
		r.names[a.path] = a.file
		delete(r.names, a.from)
	default:
		a.kind = removeName
		delete(r.names, a.path)
	}
	r.acts = append(r.acts, a)
}
