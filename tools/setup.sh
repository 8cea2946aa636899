#!/usr/bin/env bash
# Makes .venv: what requirements.lock names, and evalkit with all its plugins from this folder.
#
#   tools/setup.sh run|dev STAMP...
#
# "dev" adds the test tools. Files whose hashes are not in the lock are refused, whichever index they
# come from. The stamps are written last; an environment without any was never finished, and is made
# anew. pip heeds the user's own configuration. TORCH_INDEX may name an index that pip shall search
# as well, for a build of torch that yours does not have.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/env.sh

what=$1
shift
case $what in
    run) tools='' locks=(-r requirements.lock) ;;
    dev) tools=' and the test tools' locks=(-r requirements.lock -r requirements-dev.lock) ;;
    *) fail "unknown environment \"$what\"" 'allowed: run, dev' ;;
esac

python=$(find_python)
echo "[1/3] .venv, with $("$python" --version)"
make_env .venv "$python"

echo "[2/3] $torch, the largest package"
search_too "${TORCH_INDEX:-}" install_torch .venv requirements.lock

find_ours
echo "[3/3] evalkit, its plugins, what they need$tools"
install_locked .venv "${locks[@]}"
install .venv --no-deps --no-build-isolation "${ours[@]}"
check_env .venv

touch "$@"
echo "ready after $SECONDS s"
