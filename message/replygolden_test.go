package message

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each text in testdata/reply has what is new in it beside it.
func TestGoldenReplies(t *testing.T) {
	files, err := filepath.Glob("testdata/reply/*.txt")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d golden replies, %v", len(files), err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			full, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(strings.TrimSuffix(path, ".txt") + ".want")
			if err != nil {
				t.Fatal(err)
			}
			got := ReadReply(string(full), ReplyContext{})
			if diff := cmp.Diff(string(want), got.Text+"\n"); diff != "" {
				t.Errorf("(-golden +got):\n%s", diff)
			}
			checkReply(t, string(full), got)
		})
	}
}
