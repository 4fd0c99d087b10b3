package proc

import (
	"errors"
	"os"
	"path/filepath"
)

// Scratch makes a folder for the data of a run below dir, and returns its absolute path, the name of its file system, and what removes it.
func Scratch(dir, pattern string) (folder, fs string, remove func() error, err error) {
	made, err := os.MkdirTemp(dir, pattern)
	if err != nil {
		return "", "", nil, err
	}
	remove = func() error { return os.RemoveAll(made) }
	if folder, err = filepath.Abs(made); err == nil {
		fs, err = FileSystem(folder)
	}
	if err != nil {
		return "", "", nil, errors.Join(err, remove())
	}
	return folder, fs, remove, nil
}
