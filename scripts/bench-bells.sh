#!/usr/bin/env bash
# Measures how long a press of a call-bell takes, on SQLite and on a throw-away PostgreSQL cluster that syncs each commit,
# and prints a Markdown table for each. What is measured and how to read it: bench/README.md.
#
#   scripts/bench-bells.sh [sqlite] [postgres] [-- OPTION…]     --devices 10000 --rounds 3 --seconds 40 --closed 1000000 --rates 1,20,100
#
# Everything stays on 127.0.0.1 and below target/bench-bells, which is removed afterwards. Let nothing else run meanwhile.
set -euo pipefail
cd "$(dirname "$0")/.."

databases=()
while [[ $# -gt 0 && $1 != -- ]]; do databases+=("$1"); shift; done
[[ $# -eq 0 ]] || shift
[[ ${#databases[@]} -gt 0 ]] || databases=(sqlite postgres)

cargo build --release --locked --bin hotline --example bells
folder=$PWD/target/bench-bells
rm -rf "$folder"
mkdir -p "$folder"
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

arguments=(--program target/release/hotline "$@")
for database in "${databases[@]}"; do
    case $database in
        sqlite) timeout 1800 target/release/examples/bells "${arguments[@]}" --folder "$folder/sqlite" ;;
        postgres)
            # shellcheck disable=SC2016 # the inner shell knows the variable
            TMPDIR=$folder scripts/test-postgres.sh --durable bash -c \
                'exec timeout 1800 target/release/examples/bells "$@" --database "$TEST_DATABASE_URL"' \
                bells "${arguments[@]}" --folder "$folder/postgres"
            ;;
        *)
            echo "bench-bells: no such database: $database" >&2
            exit 64
            ;;
    esac
done
