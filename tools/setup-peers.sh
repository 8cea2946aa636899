#!/usr/bin/env bash
# Makes .venv-peers: what evalkit is compared with, in the versions of
# benchmarks/constraints-peers.txt, and nothing of evalkit.
#
#   tools/setup-peers.sh STAMP
#
# The stamp is written last. TORCH_INDEX as for setup.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/env.sh

pins=benchmarks/constraints-peers.txt
python=$(find_python)
echo "[1/3] .venv-peers, with $("$python" --version)"
make_env .venv-peers "$python"

echo "[2/3] $torch, the largest package"
search_too "${TORCH_INDEX:-}" install .venv-peers -c "$pins" "$torch"

echo '[3/3] lm-eval, TRL and arena-rank'
install .venv-peers --no-deps -r "$pins"

touch "$1"
echo "ready after $SECONDS s"
