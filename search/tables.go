package search

import (
	"bytes"
	"encoding/binary"
	"errors"

	"smartmail/casestore"
	"smartmail/casework"
)

// posting is one chunk of the set of cases that have a value in a field, or on which a word is said.
type posting struct {
	Org     casework.OrgID
	Value   value
	Chunk   uint64
	Set     []byte // see chunk.encode
	Version uint64
}

// held is what the index holds of a case, so that it can be taken out again.
type held struct {
	Org     casework.OrgID      `json:"org"`
	Case    casework.CaseNumber `json:"case"`
	Values  [][2]string         `json:"values"` // field and value
	Words   string              `json:"words"`  // sorted, with a space between each two
	Version uint64              `json:"-"`
}

// spelling leads from a word's beginning, or from what may be a part of it, to the word.
type spelling struct {
	Org     casework.OrgID
	Folded  string // from that position on
	At      int    // in letters; 0: the whole word
	Word    string
	Version uint64
}

var (
	postings = casestore.Declare("postings", 1,
		func(p *posting) casestore.Key { return postingsOf(p.Org, p.Value).Uint(p.Chunk) },
		func(p *posting) *uint64 { return &p.Version },
	).WithCodec(
		func(p *posting) ([]byte, error) { return append(binary.AppendUvarint(nil, p.Chunk), p.Set...), nil },
		func(doc []byte, p *posting) error {
			n, size := binary.Uvarint(doc)
			if size <= 0 {
				return errTorn
			}
			p.Chunk, p.Set = n, bytes.Clone(doc[size:])
			return nil
		})
	holdings = casestore.Declare("indexed", 1,
		func(h *held) casestore.Key { return casestore.CaseKey(h.Org, h.Case) },
		func(h *held) *uint64 { return &h.Version },
	)
	vocabulary = casestore.Declare("vocabulary", 1,
		func(s *spelling) casestore.Key { return spelled(s.Org, s.At > 0).Str(s.Folded).Str(s.Word) },
		func(s *spelling) *uint64 { return &s.Version },
	).WithCodec(
		func(s *spelling) ([]byte, error) { return append([]byte{byte(s.At)}, s.Word...), nil },
		func(doc []byte, s *spelling) error {
			if len(doc) == 0 {
				return errTorn
			}
			s.At, s.Word = int(doc[0]), string(doc[1:])
			return nil
		})
)

var errTorn = errors.New("a row of the search index is torn")

// postingsOf is the prefix of a value's chunks.
func postingsOf(org casework.OrgID, v value) casestore.Key {
	return casestore.K(string(org)).Str(string(v.field)).Str(v.text)
}

// spelled is the prefix of the vocabulary: of whole words, or of what is inside of them.
func spelled(org casework.OrgID, inside bool) casestore.Key {
	if inside {
		return casestore.K(string(org)).Str("inside")
	}
	return casestore.K(string(org)).Str("whole")
}

// Schemas are the tables of the index.
func Schemas() []*casestore.Schema {
	return []*casestore.Schema{postings.Schema(), holdings.Schema(), vocabulary.Schema(), changes.rows.Schema(), peaks.rows.Schema(), objects.rows.Schema()}
}
