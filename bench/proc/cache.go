package proc

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// Forget has the kernel drop what it keeps in memory of a file that nobody has mapped: the next to read it reads the disk.
func Forget(path string) error {
	const dontNeed = 4 // POSIX_FADV_DONTNEED, see posix_fadvise(2)
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	err = f.Sync() // dirty pages stay
	if _, _, no := syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), 0, 0, dontNeed, 0, 0); no != 0 {
		err = errors.Join(err, fmt.Errorf("forget %s: %w", path, no))
	}
	return errors.Join(err, f.Close())
}

// Recall reads a file through, so that it lies in memory as far as there is room.
func Recall(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, make([]byte, 1<<20))
	return errors.Join(err, f.Close())
}
