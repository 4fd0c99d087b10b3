package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"smartmail/access"
	"smartmail/admin"
	"smartmail/bench/fill"
	"smartmail/blobstore/files"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/follow"
	"smartmail/property"
	"smartmail/search"
	"smartmail/threading"
)

const org casework.OrgID = "bench"

const (
	token       = "full rights on loopback"
	sourceFile  = "smartmail.db"
	derivedFile = "derived.db"
)

// house is the stores with the API on top of them, as the service wires them.
type house struct {
	source, derived *boltstore.Store
	follower        *follow.Follower
	desk            *desk.Desk
	server          *http.Server
	url             string
	secrets         map[caller]string
}

// finder is the index as the desk asks it.
type finder struct {
	*follow.Follower
	*search.Index
}

func openHouse(ctx context.Context, folder string) (*house, error) {
	h := &house{}
	var err error
	if h.source, err = boltstore.Open(filepath.Join(folder, sourceFile), boltstore.Options{}); err != nil {
		return nil, err
	}
	if h.derived, err = boltstore.Open(filepath.Join(folder, derivedFile), boltstore.Options{NoSync: true}); err != nil {
		return nil, errors.Join(err, h.source.Close())
	}
	blobs, err := files.Open(filepath.Join(folder, "blobs"))
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	log, orgs, index := slog.New(slog.DiscardHandler), []casework.OrgID{org}, &search.Index{Store: h.derived}
	h.follower = follow.New(follow.Options{Source: h.source, Target: h.derived, Orgs: orgs, Projections: []follow.Projection{index}, Log: log})
	keys := threading.NewKeyring(time.Now)
	router := threading.NewRouter(keys, "mx.example.org", []threading.Organisation{{ID: org, Domain: "bench.example"}})
	d := desk.New(desk.Options{Store: h.source, Blobs: blobs, Keys: keys, Router: router, Orgs: orgs, Finder: finder{h.follower, index}, Log: log})
	h.desk = d
	if err := d.LoadKeys(ctx); err != nil {
		return nil, errors.Join(err, h.close())
	}
	api, err := admin.New(admin.Options{House: admin.Open(d), Router: router, Orgs: []admin.Org{{ID: org, Name: "Bench"}}, AdminToken: token, Log: log})
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	h.server, h.url, h.secrets = admin.Server(api), "http://"+l.Addr().String()+"/api/v1", map[caller]string{everybody: token}
	go func() { _ = h.server.Serve(l) }() // ends with close
	return h, nil
}

// admit makes the token of one who sees an area; the register must be there.
func (h *house) admit(ctx context.Context) error {
	_, secret, err := h.desk.CreateToken(ctx, casework.APIToken{Org: org, Name: string(ofAnArea), Role: "manager", Scope: access.Scope{Objects: []property.ID{property.ID(fill.Area(0))}}}, casework.Actor{})
	h.secrets[ofAnArea] = secret
	return err
}

func (h *house) close() error {
	var err error
	if h.server != nil {
		err = h.server.Close()
	}
	return errors.Join(err, h.derived.Close(), h.source.Close())
}

// result is what the calls of one kind took.
type result struct {
	p50, p99 time.Duration
	items    int // in the answers, on average
}

// measure makes calls of a kind, one after the other, after one that is not counted.
func (h *house) measure(ctx context.Context, k kind, calls int, seed uint64) (result, error) {
	r := rand.New(rand.NewPCG(seed, 2))
	var took []time.Duration
	items := 0
	for i := range calls + 1 {
		path := k.path(r)
		start := time.Now()
		n, err := h.get(ctx, path, k.by)
		if err != nil {
			return result{}, fmt.Errorf("%s: %w", path, err)
		}
		if i > 0 {
			took, items = append(took, time.Since(start)), items+n
		}
	}
	slices.Sort(took)
	return result{took[len(took)/2], took[len(took)*99/100], items / calls}, nil
}

// get makes a call and returns how many items the answer has; 1 where it is no list.
func (h *house) get(ctx context.Context, path string, by caller) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+path, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+h.secrets[by])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %.300s", resp.Status, body)
	}
	var list struct{ Items []json.RawMessage }
	if err := json.Unmarshal(body, &list); err != nil {
		return 0, err
	}
	if list.Items == nil {
		return 1, nil
	}
	return len(list.Items), nil
}
