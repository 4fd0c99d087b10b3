# SmartMail: make help
GO      ?= go
PKGS    ?= ./...
FUZZ    ?= 20s
SOAK    ?= 30m
SIZES   ?=
TOOLS   := -modfile=tools/go.mod

.DEFAULT_GOAL := help
.PHONY: help build demo demo-order test race peers test-peers lint fuzz corpus bench bench-cases bench-growth bench-memory soak torture clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/smartmail
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/smartmail ./cmd/smartmail

demo: ## run the demo
	$(GO) run ./cmd/smartmail demo

demo-order: ## play one fault from the tenant's mail to the closed case, and print its timeline
	@$(GO) run ./cmd/demo-order

test: ## all that needs no outside server and no C compiler; ends with a list of what was skipped and why
	@CGO_ENABLED=0 $(GO) run ./cmd/testsum -- $(GO) test -shuffle=on $(PKGS)

race: ## the same with the race detector (needs a C compiler)
	@$(GO) run ./cmd/testsum -- $(GO) test -race -shuffle=on $(PKGS)

peers: ## install the peers that test-peers talks to (Debian packages, as root)
	./peers/install

test-peers: ## tests against real peers; a peer that is missing is a failure
	@SMARTMAIL_PEERS=required $(GO) run ./cmd/testsum -no-skips -- $(GO) test -count=1 -timeout 20m ./peers/...

lint: ## gofmt, go vet, staticcheck, golangci-lint
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "gofmt would change these"; exit 1; }
	$(GO) vet ./...
	$(GO) tool $(TOOLS) staticcheck ./...
	$(GO) tool $(TOOLS) golangci-lint run ./...

fuzz: ## run every fuzz target for FUZZ (20s)
	@./tools/fuzz-all $(FUZZ)

corpus: ## scoreboard against public test material, if it lies in ../shared/corpora
	$(GO) test -count=1 -run Scoreboard -v ./corpus

bench: ## mail in and out beside Postfix, OpenDKIM and the bare libraries: what was wanted and what was reached (needs make peers)
	$(GO) run ./bench

bench-cases: ## time of lists, searches and opening with 10 thousand, 100 thousand and 1 million cases (SIZES=10000,100000)
	$(GO) run ./bench/cases $(if $(SIZES),-sizes $(SIZES))

bench-growth: ## replies to old cases, pages, start and memory as the store grows from 10 thousand to 5 million messages (SIZES=10000,1000000; the default takes 15 GB of disk for its time)
	$(GO) run ./bench/growth $(if $(SIZES),-sizes $(SIZES))

bench-memory: ## the program's memory with 64 mails of 25 MB at once, and with 10,000 idle connections
	$(GO) run ./bench/memory

soak: ## the real program under mixed load for SOAK (30m): fails on a leak or a lost mail
	$(GO) run ./bench/soak -for $(SOAK)

torture: ## end the program in every way that a machine knows, and look whether what was answered is there (needs strace: make peers)
	$(GO) run ./bench/torture

bench-import: ## take in 100,000 units, customers and tenancies, twice
	$(GO) test ./exchange -run '^$$' -bench Import -benchtime 1x -timeout 20m

clean: ## remove what was built
	rm -rf bin
