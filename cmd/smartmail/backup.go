package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"smartmail/backup"
	"smartmail/blobstore/files"
	"smartmail/config"
	"smartmail/control"
)

type backupCmd struct {
	configFlag
	To      string   `required:"" placeholder:"FILE" help:"File to write; it gets its name when it is whole and was read back."`
	Earlier []string `placeholder:"FILE" help:"Earlier backup whose big mails and files are left out; a restore needs it too. Give all that this one builds upon."`
}

// Run copies through the running instance, or by itself where none runs.
func (c *backupCmd) Run(ctx context.Context, std streams) error {
	if _, err := os.Lstat(c.To); err == nil {
		return fmt.Errorf("%s is there already", c.To)
	}
	return c.with(ctx, std, hasData, func(_ *config.Config, target control.Service) error {
		earlier := backup.Sums{}
		for _, path := range c.Earlier {
			_, sums, err := readBackup(ctx, path, nil)
			if err != nil {
				return err
			}
			for name, sum := range sums {
				earlier[name] = sum
			}
		}
		part := c.To + ".part"
		head, n, err := writeBackup(ctx, part, target, earlier)
		if err != nil {
			return errors.Join(err, os.Remove(part))
		}
		if err := os.Rename(part, c.To); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		_, err = fmt.Fprintf(std.out, "%s: the store as of %s, %d big mails and files, %d bytes, read back and sound\n", c.To, head.At.Format(time.RFC3339), n.blobs, n.bytes)
		return errors.Join(err, syncFolder(filepath.Dir(c.To)))
	})
}

// copied counts what a copy holds.
type copied struct {
	blobs int
	bytes int64
}

// writeBackup writes a copy to a file, durably, and reads it back.
func writeBackup(ctx context.Context, path string, target control.Service, earlier backup.Sums) (head backup.Head, n copied, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return head, n, fmt.Errorf("backup: %w", err)
	}
	err = target.Backup(ctx, earlier, f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return head, n, err
	}
	head, _, err = readBackup(ctx, path, func(c backup.Content) error {
		n.bytes += c.Size
		if c.Org != "" {
			n.blobs++
		}
		return nil
	})
	return head, n, err
}

// readBackup reads a copy to its end, which shows that it is sound, and returns what it is.
func readBackup(ctx context.Context, path string, take func(backup.Content) error) (head backup.Head, sums backup.Sums, err error) {
	f, err := os.Open(path)
	if err != nil {
		return head, nil, fmt.Errorf("backup: %w", err)
	}
	head, sums, err = backup.Read(ctx, f, take)
	if err = errors.Join(err, f.Close()); err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return head, sums, err
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// Backup implements control.Service. Nothing is swept or purged meanwhile, so that no blob goes that the copied database names.
func (c controlled) Backup(ctx context.Context, earlier map[string]string, w io.Writer) error {
	c.deleting.Lock()
	defer c.deleting.Unlock()
	done, err := backup.Write(ctx, w, c.store, c.blobs, earlier, time.Now)
	if err != nil {
		c.log.Error("backup", "err", err)
		return err
	}
	c.log.Info("backed up", "at", done.At, "blobs", done.Blobs, "earlier", done.Earlier, "bytes", done.Bytes)
	return nil
}

type restoreCmd struct {
	configFlag
	From    string   `required:"" placeholder:"FILE" help:"Backup to restore, into the data_dir of the configuration, where there must be no store."`
	Earlier []string `placeholder:"FILE" help:"Earlier backups that it builds upon."`
}

// Run restores, and reads everything once.
func (c *restoreCmd) Run(ctx context.Context, std streams) (err error) {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	blobs, err := files.Open(cfg.Path("blobs"))
	if err != nil {
		return err
	}
	var earlier []io.Reader
	for _, path := range append(c.Earlier, c.From) {
		f, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("restore: %w", err)
		}
		defer func() { _ = f.Close() }() // read only
		earlier = append(earlier, f)
	}
	done, err := backup.Restore(ctx, earlier[len(earlier)-1], earlier[:len(earlier)-1], blobs, cfg.Path(databaseFile))
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(std.out, "restored the store as of %s with %d big mails and files\n", done.At.Format(time.RFC3339), done.Blobs)
	return (&verifyCmd{c.configFlag}).Run(ctx, std)
}
