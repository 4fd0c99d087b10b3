package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// recorded are the system calls that change files, or say something to a peer. Others that could do so must not occur: a record that
// lacked them would prove nothing.
const recorded = "openat,close,pwrite64,write,lseek,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,ftruncate"

// foreign are those that the recorder could not play back.
const foreign = "creat,open,pwritev,pwritev2,writev,truncate,fallocate,sendfile,copy_file_range,splice,dup,dup2,dup3,io_uring_enter,msync,symlink,symlinkat"

// tracer writes a program in the shape of the binary that runs it under strace (with the flags), as the same process.
func (r *rack) tracer(path, flags string) error {
	script := fmt.Sprintf("#!/bin/sh\ncase $1 in serve) exec strace -D -f --seccomp-bpf %s %s \"$@\";; esac\nexec %s \"$@\"\n", flags, r.binary, r.binary)
	return os.WriteFile(path, []byte(script), 0o700)
}

// call is one system call.
type call struct {
	begun, ended int // lines of the record: what ended before another began was done by then
	name         string
	args         []string // numbers and words as they are, strings decoded
	result       int64    // negative: it failed
	injected     bool     // it failed because strace was told so
}

// readRecord reads what strace wrote.
func readRecord(path string) (calls []call, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r := bufio.NewReaderSize(f, 1<<20)
	half := map[string]call{} // by thread
	text := map[string]string{}
	for n := 0; ; n++ {
		line, err := r.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return calls, nil // the last line of a program that was killed may be cut off
		}
		if err != nil {
			return nil, err
		}
		thread, rest, ok := strings.Cut(strings.TrimSpace(line), " ")
		rest = strings.TrimSpace(rest)
		if !ok || strings.HasPrefix(rest, "+++") || strings.HasPrefix(rest, "---") {
			continue
		}
		begun := n
		if head, ok := strings.CutSuffix(rest, "<unfinished ...>"); ok {
			half[thread], text[thread] = call{begun: n}, head
			continue
		}
		if _, tail, ok := strings.Cut(rest, " resumed>"); ok && strings.HasPrefix(rest, "<... ") {
			begun, rest = half[thread].begun, text[thread]+tail
		}
		c, err := parseCall(rest)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		c.begun, c.ended = begun, n
		calls = append(calls, c)
	}
}

var callLine = regexp.MustCompile(`^(\w+)\((.*)\)\s+= (-?\d+|\?)`)

func parseCall(line string) (c call, err error) {
	m := callLine.FindStringSubmatch(line)
	if m == nil {
		return c, fmt.Errorf("%.200q is no call", line)
	}
	c.name, c.injected = m[1], strings.HasSuffix(line, "(INJECTED)")
	if c.result, err = strconv.ParseInt(m[3], 10, 64); err != nil {
		c.result = -1 // "?": the program ended within it
	}
	for arg := range strings.SplitSeq(m[2], ", ") {
		arg = strings.TrimSpace(arg)
		if quoted, ok := strings.CutPrefix(arg, `"`); ok {
			text, ok := strings.CutSuffix(quoted, `"`)
			if !ok {
				return c, fmt.Errorf("%.100q is cut off", arg)
			}
			b, err := hex.DecodeString(strings.ReplaceAll(text, `\x`, ""))
			if err != nil {
				return c, err
			}
			arg = string(b)
		}
		c.args = append(c.args, arg)
	}
	return c, nil
}

// number is the descriptor that an argument begins with: 7<path>.
func number(arg string) int {
	digits, _, _ := strings.Cut(arg, "<")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return -1
	}
	return n
}

// tcp reports whether an argument is a descriptor of a connection.
func tcp(arg string) bool { return strings.Contains(arg, "<TCP") }

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

// record runs do with the program in the folder under strace, and returns the tape. flags are further ones of strace.
func (r *rack) record(ctx context.Context, dir, flags string, do func(binary string) error) (t tape, err error) {
	if err := makeDir(dir); err != nil {
		return t, err
	}
	log, script := filepath.Join(dir, "calls"), filepath.Join(dir, "traced")
	if err := r.tracer(script, fmt.Sprintf("-xx -s 16777216 -yy -o %s -e trace=%s,%s %s", log, recorded, foreign, flags)); err != nil {
		return t, err
	}
	if err := do(script); err != nil {
		return t, err
	}
	if err := written(ctx, log); err != nil {
		return t, err
	}
	calls, err := readRecord(log)
	if err != nil {
		return t, err
	}
	return roll(calls, filepath.Join(dir, "data"))
}

// written waits until strace, which outlives the program by a little, has written its last line.
func written(ctx context.Context, log string) error {
	for {
		b, err := os.ReadFile(log)
		if err != nil || bytes.Contains(b[max(0, len(b)-4096):], []byte("+++")) && settled(log, len(b)) {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

func settled(log string, size int) bool {
	info, err := os.Stat(log)
	return err == nil && info.Size() == int64(size)
}
