#!/usr/bin/env bash
# Tries a running service with clients that others wrote: what they are is in tests/clients/requirements.txt.
#
#   scripts/clients.sh                    on a new embedded database
#   scripts/clients.sh --database URL     on an empty PostgreSQL database
#
# Python packages are put into target/tools/python. Traffic stays on 127.0.0.1.
set -euo pipefail
cd "$(dirname "$0")/.."

python=target/tools/python
wanted=$(sha256sum tests/clients/requirements.txt | cut -c 1-16)
if [[ ! -e $python/made-$wanted ]]; then
    rm -rf "$python"
    python3 -m venv "$python"
    "$python/bin/pip" install --quiet --disable-pip-version-check --requirement tests/clients/requirements.txt
    touch "$python/made-$wanted"
fi
cargo build --locked --bin hotline
[[ ${1-} != --database ]] || shift
NO_PROXY=127.0.0.1 exec timeout "${TEST_TIMEOUT:-900}" "$python/bin/python" tests/clients/run.py "${CARGO_TARGET_DIR:-target}/debug/hotline" "$@"
