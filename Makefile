# What one does here, as targets. `make` alone prints them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

TARGET := $(or $(CARGO_TARGET_DIR),target)
NEXTEST := $(shell command -v cargo-nextest 2>/dev/null)
RUN_TESTS := scripts/with-postgres $(if $(NEXTEST),cargo nextest run,cargo test) --workspace --locked

.PHONY: help setup build demo up dev test test-full soak transcripts check quality coverage ci bench health

help: ## Print this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Check for Rust, git and a C compiler; on Debian as root, install git and the compiler.
	@scripts/setup

build: setup
	@start=$$SECONDS; cargo build --locked --bin nexus; echo "built in $$((SECONDS - start)) s"

demo: build ## Show the whole thing: agents, a backlog, a real repository, in under two minutes.
	@start=$$SECONDS; $(TARGET)/debug/nexus demo; echo "demo ran for $$((SECONDS - start)) s"

up: setup ## Serve the board and the API on http://127.0.0.1:4000, optimised.
	cargo build --release --locked --bin nexus
	$(TARGET)/release/nexus up

dev: build ## The same as up, built quickly, under the profile dev.
	NEXUS_PROFILE=dev $(TARGET)/debug/nexus up

test: setup ## Run the tests, on SQLite and on a PostgreSQL server of their own.
	@scripts/need bwrap
	@$(RUN_TESTS)

test-full: setup ## Run the coverage gate, the demo, the examples in the docs, and all tests with their long variants.
	@$(MAKE) --no-print-directory coverage
	@$(MAKE) --no-print-directory demo
	@cargo test --workspace --locked --doc
	@scripts/need bwrap
	@scripts/agents
	@NEXUS_TEST_FULL=1 NEXUS_TEST_AGENTS=$(abspath $(TARGET))/agents $(RUN_TESTS)

soak: setup ## Run the long tests with many more rounds; takes as long as it takes.
	@scripts/need bwrap
	@scripts/agents --all
	@NEXUS_TEST_FULL=1 NEXUS_TEST_SOAK=1 NEXUS_TEST_AGENTS=$(abspath $(TARGET))/agents $(RUN_TESTS)

transcripts: setup ## Record the transcripts of real agents anew, with a fake model; writes those that end as expected.
	@scripts/need python3
	@scripts/agents --all
	@scripts/transcripts
	@cargo test --locked -p connect --test it agents::transcripts

check: setup ## Check format, lints, API docs, links and scripts.
	cargo fmt --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
	scripts/check-docs

quality: check ## check, and no file past 500 lines, and nothing written twice.
	scripts/quality

coverage: setup ## Measure line coverage of domain and store; fails below 90 %.
	@scripts/coverage

ci: ## What the build server runs.
	@.ci/run

bench: setup ## Build optimised and measure: claims, the store, the size of the binary.
	cargo build --workspace --release --locked
	$(TARGET)/release/claim
	$(TARGET)/release/store
	scripts/need jq
	$(TARGET)/release/race bench/adapters/nexus.toml bench/adapters/flock-jq.toml
	@echo "the next one is there to be found unsound"
	$(TARGET)/release/race bench/adapters/naive-lock-file.toml --rounds 20 || [ $$? -eq 1 ]
	scripts/size

health: build ## Ask nexus whether this machine and this repository are fit for it.
	@$(TARGET)/debug/nexus doctor
