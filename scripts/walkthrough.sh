#!/usr/bin/env bash
# Walks through the main job over real HTTP and tells what happens; fails when an answer is not as expected.
#
#   scripts/walkthrough.sh                    on a new embedded database
#   scripts/walkthrough.sh --database URL     on an empty PostgreSQL database
#
# Without a PostgreSQL at hand:
#   scripts/test-postgres.sh sh -c 'scripts/walkthrough.sh --database "$TEST_DATABASE_URL"'
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --locked --bin hotline --example walkthrough
exec "${CARGO_TARGET_DIR:-target}/debug/examples/walkthrough" "$@"
