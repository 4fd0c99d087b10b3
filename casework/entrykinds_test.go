package casework

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// EntryKinds has every kind that the package declares.
func TestEntryKinds(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if typ, ok := v.Type.(*ast.Ident); !ok || typ.Name != "EntryKind" {
				return true
			}
			text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if declared++; err != nil || !slices.Contains(EntryKinds(), EntryKind(text)) {
				t.Errorf("%s is not listed", v.Names[0])
			}
			return true
		})
	}
	if declared != len(EntryKinds()) {
		t.Errorf("%d kinds are declared, %d are listed", declared, len(EntryKinds()))
	}
}
