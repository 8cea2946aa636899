#!/usr/bin/env bash
# Makes .venv: the versions of constraints.txt, and evalkit with all its plugins from this folder.
#
#   tools/setup.sh run|dev STAMP...
#
# "dev" adds the test tools. The stamps are written last; an environment without any was never
# finished, and is made anew. pip heeds the user's own configuration. TORCH_INDEX may name an index
# that pip shall search as well, for a build of torch that yours does not have.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/env.sh

what=$1
shift
case $what in
    run) tools='' extras='' ;;
    dev) tools=' and the test tools' extras='[dev]' ;;
    *) fail "unknown environment \"$what\"" 'allowed: run, dev' ;;
esac

python=$(find_python)
echo "[1/3] .venv, with $("$python" --version)"
make_env .venv "$python"
install .venv -c constraints.txt hatchling editables

echo "[2/3] $torch, the largest package"
search_too "${TORCH_INDEX:-}" install .venv -c constraints.txt "$torch"

find_ours "$extras"
echo "[3/3] evalkit, its plugins, what they need$tools"
install .venv -c constraints.txt --no-build-isolation "${ours[@]}"

touch "$@"
echo "ready after $SECONDS s"
