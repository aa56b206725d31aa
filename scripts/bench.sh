#!/usr/bin/env bash
# Measures a release build on SQLite and on a throw-away PostgreSQL cluster that syncs each commit, and prints a
# Markdown table for each. What is measured and how to read it: bench/README.md.
#
#   scripts/bench.sh [sqlite] [postgres]
#
#   BENCH_TICKETS=100000        tickets in the database
#   BENCH_SECONDS=5             seconds of each measurement
#   BENCH_CONNECTIONS=1,16,64   connections of the load generator
#   BENCH_ONLY='get create'     some operations only, by the first word of their line
#
# Everything stays on 127.0.0.1 and below target/bench, which is removed afterwards. The defaults take about ten
# minutes after the build. Let nothing else run meanwhile: load, server and database share the machine.
set -euo pipefail
cd "$(dirname "$0")/.."

[[ $# -gt 0 ]] || set -- sqlite postgres
if ! command -v wrk >/dev/null; then
    if [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null; then
        echo 'bench: installing Debian'\''s package wrk' >&2
        { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends wrk; } >&2
    else
        echo 'bench: wrk is missing (Debian: apt-get install wrk)' >&2
        exit 69
    fi
fi

cargo build --release --locked --bin hotline --example bench
folder=$PWD/target/bench
rm -rf "$folder"
mkdir -p "$folder"
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

arguments=(--program target/release/hotline --tickets "${BENCH_TICKETS:-100000}" --seconds "${BENCH_SECONDS:-5}"
    --connections "${BENCH_CONNECTIONS:-1,16,64}")
for only in ${BENCH_ONLY-}; do arguments+=(--only "$only"); done

for database in "$@"; do
    case $database in
        sqlite)
            timeout 3600 target/release/examples/bench "${arguments[@]}" --folder "$folder/sqlite" \
                --database "sqlite://$folder/sqlite/bench.sqlite"
            ;;
        postgres)
            # The cluster lies beside the other database, on the same disk.
            # shellcheck disable=SC2016 # the inner shell knows the variable
            TMPDIR=$folder scripts/test-postgres.sh --durable bash -c \
                'exec timeout 3600 target/release/examples/bench "$@" --database "$TEST_DATABASE_URL"' \
                bench "${arguments[@]}" --folder "$folder/postgres"
            ;;
        *)
            echo "bench: no such database: $database" >&2
            exit 64
            ;;
    esac
done
