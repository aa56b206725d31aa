#!/usr/bin/env bash
# Measures what other systems have of a release build, on SQLite and on a throw-away PostgreSQL cluster that syncs each
# commit: webhooks, the stream of events, exports. What is measured and how to read it: bench/README.md.
#
#   scripts/bench-outbound.sh [sqlite] [postgres] [-- OPTION…]     --tickets 100000 --only webhooks|stream|export
#
# Everything stays on 127.0.0.1 and below target/bench-outbound, which is removed afterwards. Let nothing else run meanwhile.
set -euo pipefail
cd "$(dirname "$0")/.."

databases=()
while [[ $# -gt 0 && $1 != -- ]]; do databases+=("$1"); shift; done
[[ $# -eq 0 ]] || shift
[[ ${#databases[@]} -gt 0 ]] || databases=(sqlite postgres)

cargo build --release --locked --bin hotline --example outbound
folder=$PWD/target/bench-outbound
rm -rf "$folder"
mkdir -p "$folder"
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

arguments=(--program target/release/hotline "$@")
for database in "${databases[@]}"; do
    case $database in
        sqlite)
            timeout 3600 target/release/examples/outbound "${arguments[@]}" --folder "$folder/sqlite" \
                --database "sqlite://$folder/sqlite/bench.sqlite"
            ;;
        postgres)
            # shellcheck disable=SC2016 # the inner shell knows the variable
            TMPDIR=$folder scripts/test-postgres.sh --durable bash -c \
                'exec timeout 3600 target/release/examples/outbound "$@" --database "$TEST_DATABASE_URL"' \
                outbound "${arguments[@]}" --folder "$folder/postgres"
            ;;
        *)
            echo "bench-outbound: no such database: $database" >&2
            exit 64
            ;;
    esac
done
