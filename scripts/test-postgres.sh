#!/usr/bin/env bash
# Runs a command with a throw-away PostgreSQL cluster beside it:
#
#   scripts/test-postgres.sh [--durable] COMMAND [ARGUMENT…]
#
# The command finds the cluster in TEST_DATABASE_URL; a superuser, so tests may create databases. The
# cluster listens on 127.0.0.1 only, trusts whoever connects, and is gone afterwards.
#
#   --durable   syncs each commit, as production does: for benchmarks. Without it a crash of the
#               machine may lose data, which no test notices and which makes tests much faster.
#   PG_BIN      folder of initdb and pg_ctl, where they are not under /usr/lib/postgresql.
set -euo pipefail

die() { echo "test-postgres: $*" >&2; exit 69; }

newest() { find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1 | xargs -r dirname || true; }

durable=no
if [[ ${1-} == --durable ]]; then durable=yes; shift; fi
[[ $# -gt 0 ]] || { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 64; }

bin=${PG_BIN:-$(newest)}
if [[ -z $bin && $EUID -eq 0 ]] && command -v apt-get >/dev/null; then
    echo "test-postgres: installing Debian's package postgresql" >&2
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql; } >&2
    bin=$(newest)
fi
[[ -x $bin/initdb && -x $bin/pg_ctl ]] || die "PostgreSQL's server programs are not here. Install them" \
    "(Debian: apt-get install postgresql), or set PG_BIN to the folder that holds initdb."

# PostgreSQL refuses to run as root.
as=()
if [[ $EUID -eq 0 ]]; then
    id postgres >/dev/null 2>&1 || die "run as root, this needs a user named postgres to run the server as."
    as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/hotline-pg.XXXXXX")
pg_ctl() { (cd "$dir" && "${as[@]}" "$bin/pg_ctl" --pgdata "$dir/data" --silent "$@"); }
# shellcheck disable=SC2317 # called by the trap
clean_up() {
    if [[ -f $dir/data/postmaster.pid ]]; then pg_ctl stop --mode immediate >&2 || true; fi
    rm -rf "$dir"
}
trap clean_up EXIT
# An exit, so that the trap above runs. The command gets Ctrl-C too, being of the same group.
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
[[ $EUID -ne 0 ]] || chown postgres: "$dir"

# max_connections: each test has a pool of its own. C.UTF-8: sorts alike on every machine, and knows that
# Chinese characters are letters, which C does not.
init=(--username postgres --auth trust --encoding UTF8 --locale C.UTF-8)
settings=(-c listen_addresses=127.0.0.1 -c "unix_socket_directories=$dir" -c max_connections=300)
if [[ $durable == yes ]]; then
    settings+=(-c fsync=on -c full_page_writes=on -c synchronous_commit=on)
    [[ $(stat -f -c %T "$dir") != tmpfs ]] || echo "test-postgres: $dir is in memory: syncing it costs nothing" >&2
else
    init+=(--no-sync)
    # synchronous_commit stays on: hotline refuses a server on which it is off.
    settings+=(-c fsync=off -c full_page_writes=off)
fi
(cd "$dir" && "${as[@]}" "$bin/initdb" --pgdata data "${init[@]}") >"$dir/initdb.log" 2>&1 || {
    cat "$dir/initdb.log" >&2
    die "initdb failed, see above."
}

# Below 32768, where Linux does not give ports to outgoing connections. Only starting tells that one is free.
port=
for _ in {1..20}; do
    try=$((20000 + RANDOM % 12000))
    rm -f "$dir/server.log"
    if pg_ctl start -w -t 60 -l "$dir/server.log" -o "-p $try ${settings[*]}" >"$dir/start.log" 2>&1; then
        port=$try
        break
    fi
    grep -q 'could not bind' "$dir/server.log" || break
done
if [[ -z $port ]]; then
    cat "$dir/start.log" "$dir/server.log" >&2 || true
    die "the server did not start, see above."
fi

export TEST_DATABASE_URL="postgres://postgres@127.0.0.1:$port/postgres"
status=0
"$@" || status=$?
exit "$status"
