package stats

import (
	"slices"
	"sync"

	"smartmail/casestore"
	"smartmail/casework"
)

// names keeps what codes stand for in memory. Names are only ever added, so that what was read once holds.
type names struct {
	mu  sync.Mutex
	org map[casework.OrgID][]name
}

// of returns the names of an organisation by their codes, those of the transaction at least.
func (n *names) of(tx casestore.Tx, org casework.OrgID) ([]name, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.org == nil {
		n.org = map[casework.OrgID][]name{}
	}
	have := n.org[org]
	if have == nil {
		have = []name{{}} // code 0
	}
	prefix := casestore.K(string(org))
	for f, err := range nameTable.Scan(tx, casestore.Query{Prefix: prefix, After: prefix.Uint(uint64(len(have) - 1))}) {
		if err != nil {
			return nil, err
		}
		have = append(have, f.Record.Name)
	}
	n.org[org] = have
	return slices.Clip(have), nil
}
