GO ?= go
FUZZTIME ?= 30s
SOAK ?= 10
MUTATE = $(GO) run ./tools/mutate -explained docs/mutants.md

.DEFAULT_GOAL := help
.PHONY: help test unit proof figures soak mutants views lint bench benchmarks generate fuzz

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

test: unit proof ## every test of every module

unit: ## all but the suites of make proof, with the race detector, in random order
	@.ci/needs
	CGO_ENABLED=1 $(GO) test -race -short -timeout 20m -parallel 4 -shuffle=on $(TESTFLAGS) work

proof: ## the suites that claim "never", with a line and a figure for each
	@.ci/needs
	@$(GO) run ./internal/proof/prove

figures: ## the same, and their figures written to RELIABILITY.md
	@.ci/needs
	@$(GO) run ./internal/proof/prove -write

soak: ## the same suites, SOAK (10) times as long
	@.ci/needs
	@$(GO) run ./internal/proof/prove -soak $(SOAK) -at-once 1

mutants: ## changes of the pure packages that no test notices, for a quarter of an hour or more
	@for p in snooze closure idle roster; do $(MUTATE) -skip Catches ./$$p || exit 1; done
	@$(MUTATE) -skip 'Catches|Finds|TheGenerator' ./conversation -model.commands=20000 -model.seed=1

views: ## plans and times of lists and reports over a million conversations, on both databases
	@ADJOURN_MILLION=1 $(GO) test -v -timeout 1h -run '(SQLiteCrowd|PostgresViews)' ./internal/drivertest | \
		sed -nE 's/^ *([a-z]+)_[a-z_]+test\.go:[0-9]+: views: /\1: /p'

lint: ## gofmt, go vet and staticcheck over every module
	@.ci/run gofmt vet staticcheck

bench: ## the library beside its peers, to BENCHMARKS.md; ROWS=desk,clock measures and writes only these
	@.ci/needs
	@$(GO) run ./internal/bench/compare -write -only "$(ROWS)"

benchmarks: ## the Go benchmarks of every package
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
