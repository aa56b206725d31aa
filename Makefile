# The everyday words. `make` alone lists them.

# Tools that scripts/deps.sh puts beside the build.
export PATH := $(CURDIR)/target/tools/bin:$(PATH)
# Passed on to the program: make demo ARGS='--now 2026-09-28T09:00:00+08:00'
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help deps tools demo test long lint check audit fmt bench bench-bells bench-outbound clients fuzz openapi walkthrough

help: ## This list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## Installs what `make check` needs and this machine lacks.
	scripts/deps.sh --all

demo: ## The service with demonstration data, on this machine.
	cargo run --release --locked -- demo $(ARGS)

# Given TEST_DATABASE_URL, the tests run on SQLite and on PostgreSQL. House rules and the comparison of
# openapi/openapi.json with the code are tests among them. The walk takes seconds; a step that fails stops it.
test: tools lint ## What must pass before a change lands: lint, all tests and the walk and clients of others on both databases. Installs what is missing.
	scripts/test-postgres.sh cargo test --workspace --locked
	scripts/walkthrough.sh
	scripts/test-postgres.sh sh -c 'scripts/walkthrough.sh --database "$$TEST_DATABASE_URL"'
	scripts/clients.sh
	TEST_SUITES=open311,webhooks,contract TEST_EXAMPLES=1 scripts/test-postgres.sh sh -c 'scripts/clients.sh --database "$$TEST_DATABASE_URL"'

# `make test` has their short forms. A failure tells its seed: TEST_SEED repeats it, TEST_KILLS and the others set how much.
long: export TEST_KILLS ?= 200
long: export TEST_RACES ?= 200
long: export TEST_WRITERS ?= 100
long: export TEST_WRITES ?= 100
long: export TEST_RETRIES ?= 10000
long: tools ## The long forms of what is tried by chance: killed 200 times on each database, 100 writers in 100 rounds, 200 races, 10,000 retries.
	scripts/test-postgres.sh cargo test --locked --test it -- kill:: instances:: calls::race --nocapture

tools: ## PostgreSQL, a C compiler and cargo-deny, where this machine lacks them.
	scripts/deps.sh

# Hiding inclusion graphs drops no warning, only the tree below each.
lint: ## Format, clippy, and the licences, bans and sources of dependencies.
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- --deny warnings
	cargo deny --locked check --hide-inclusion-graph licenses bans sources
	@echo 'Security advisories were not checked: `make audit` does, with network access.'

check: test ## As test; also dependencies that nothing uses, and the checked-in OpenAPI document.
	cargo machete
	cargo run --locked -- openapi --check openapi/openapi.json
	cargo run --locked -- openapi --document open311 --check openapi/open311.json

# Apart from test: a new advisory would turn a build red that nobody has touched.
audit: ## Known vulnerabilities of dependencies (fetches the RustSec database).
	cargo deny --locked check advisories

fmt: ## Formats the code.
	cargo fmt --all

fuzz: tools ## The whole document by schemathesis at length, as people of three roles.
	TEST_TIMEOUT=10800 TEST_SUITES=contract TEST_EXAMPLES=$${TEST_EXAMPLES:-100} scripts/clients.sh

bench: ## Measures throughput and latency on both databases.
	scripts/bench.sh $(ARGS)

bench-bells: ## Measures how long a press of a call-bell takes, on both databases.
	scripts/bench-bells.sh $(ARGS)

openapi: ## Writes openapi/openapi.json and openapi/open311.json from the code.
	cargo run --locked -- openapi --write openapi/openapi.json
	cargo run --locked -- openapi --document open311 --write openapi/open311.json

bench-outbound: ## Measures webhooks, the stream of events and exports, on both databases.
	scripts/bench-outbound.sh $(ARGS)

clients: tools ## Tries a running service with clients that others wrote.
	scripts/clients.sh

walkthrough: ## A request's way and back, told step by step by calls to a demo that it starts.
	scripts/walkthrough.sh $(ARGS)
