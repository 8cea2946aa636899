#!/usr/bin/env bash
# Prints the path of a Chromium for the tests of the report; installs the system's one if none is there.
#
#   tools/setup-browser.sh
#
# Taken is what EVALKIT_CHROMIUM names, else the first that starts of chromium, chromium-browser and
# google-chrome. With none of them, root on a machine with apt-get gets the package `chromium`.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/env.sh

hint='install Chromium or Google Chrome, or name one: make test-browser EVALKIT_CHROMIUM=/path/to/chromium'

# A command may exist and yet not start, as the stand-ins of some distributions do: try it.
find_chromium() {
    local name path
    for name in chromium chromium-browser google-chrome; do
        path=$(command -v "$name") || continue
        if "$path" --version >/dev/null 2>&1; then
            echo "$path"
            return
        fi
    done
    return 1
}

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 "$@"
}

# Tries three times: indexes of packages change while they are read, and networks fail.
install_chromium() {  # LOG
    local attempt
    for attempt in 1 2 3; do
        [ "$attempt" = 1 ] || sleep 5
        if { apt update && apt install -y --no-install-recommends chromium; } >"$1" 2>&1; then
            return
        fi
    done
    return 1
}

if [ -n "${EVALKIT_CHROMIUM:-}" ]; then
    "$EVALKIT_CHROMIUM" --version >/dev/null 2>&1 ||
        fail "EVALKIT_CHROMIUM=$EVALKIT_CHROMIUM does not start" "$hint"
    echo "$EVALKIT_CHROMIUM"
    exit
fi
if find_chromium; then exit; fi
[ "$(id -u)" = 0 ] || fail 'no Chromium on the PATH, and only root can install one' "$hint"
command -v apt-get >/dev/null || fail 'no Chromium on the PATH, and no apt-get to install one' "$hint"

echo '[1/1] no Chromium on the PATH: apt-get install chromium' >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! install_chromium "$log"; then
    tail -n 25 "$log" >&2
    fail 'apt-get could not install chromium; its last lines stand above' "$hint"
fi
find_chromium || fail 'chromium was installed, and does not start' "$hint"
