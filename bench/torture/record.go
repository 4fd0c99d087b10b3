package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
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
