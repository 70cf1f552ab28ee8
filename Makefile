GO ?= go
FUZZTIME ?= 30s

.DEFAULT_GOAL := help
.PHONY: help test figures lint bench generate fuzz

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

test: ## every test of every module, with the race detector, in random order
	@.ci/needs
	CGO_ENABLED=1 $(GO) test -race -shuffle=on work

figures: ## what the exhaustive test, the reference model and storagetest counted
	@$(GO) test -v -run '^(TestEveryCell|TestModel|TestModelCatches|TestBroken)$$' ./conversation ./storage/storagetest | \
		sed -nE 's/^.*(exhaustive|model|storagetest): /\1: /p'

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
