GO ?= go
FUZZTIME ?= 30s
ROUNDS ?= 1000
TIMERS ?= 100000
CONVERSATIONS ?= 20000

.DEFAULT_GOAL := help
.PHONY: help test figures soak views lint bench generate fuzz

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

test: ## every test of every module, with the race detector, in random order
	@.ci/needs
	CGO_ENABLED=1 $(GO) test -race -timeout 20m -parallel 4 -shuffle=on $(TESTFLAGS) work

figures: ## what the suites that claim "never" have counted, without the race detector
	@$(GO) test -v -run '^Test(EveryCell|Model|ClosingsAre|Broken|Stores|Metamorphic|Closers|PostgresFeed|Timers|.*Killed|.*PowerLoss)' \
		./conversation ./storage/storagetest ./internal/drivertest/... | .ci/figures

soak: ## the suites on real databases with ROUNDS (1000) crashes, TIMERS (100000), CONVERSATIONS (20000) that are routed and 10 times the random streams
	METAMORPHIC=10 CLOSERS=10 CRASH_ROUNDS=$(ROUNDS) CRASH_TIMERS=$(TIMERS) ROUTING_CONVERSATIONS=$(CONVERSATIONS) ROUTING_DEATHS=$(ROUNDS) \
		$(GO) test -v -timeout 10h -run '^Test(Metamorphic|Closers|Timers|.*Killed|.*PowerLoss)' \
		./internal/drivertest/... | .ci/figures
	REPLAY_LONG=1 $(GO) test -run FullHistory ./examples/replay

views: ## plans and times of lists and reports over a million conversations, on both databases
	@ADJOURN_MILLION=1 $(GO) test -v -timeout 1h -run '(SQLiteCrowd|PostgresViews)' ./internal/drivertest | \
		sed -nE 's/^ *([a-z]+)_[a-z_]+test\.go:[0-9]+: views: /\1: /p'

lint: ## gofmt, go vet and staticcheck over every module
	@.ci/run gofmt vet staticcheck

bench: ## every benchmark
	$(GO) test -run '^$$' -bench . -benchmem work

generate: ## write the generated files anew, such as the diagram in README.md
	$(GO) generate ./...

fuzz: ## every fuzz target for FUZZTIME (30s) each
	@set -e; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; \
	done
