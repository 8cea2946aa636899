#!/usr/bin/env bash
# Makes .venv-vllm: vLLM's build for processors, as requirements-vllm.lock has it, and beside it no
# more of evalkit than its engine needs: the core and evalkit-vllm, from this folder.
#
#   tools/setup-vllm.sh STAMP
#
# The stamp is written last. Hashes and TORCH_INDEX as for setup.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/env.sh

python=$(find_python)
echo "[1/3] .venv-vllm, with $("$python" --version)"
make_env .venv-vllm "$python"

echo "[2/3] $torch, the largest package"
search_too "${TORCH_INDEX:-}" install_torch .venv-vllm requirements-vllm.lock

# The lock has all that is needed. vLLM asks for torchvision, torchaudio and torchcodec as well,
# which are built for GPUs: beside a torch for processors they would break its import.
echo '[3/3] vLLM for processors, evalkit and its engine'
install_locked .venv-vllm -r requirements-vllm.lock
install .venv-vllm --no-deps --no-build-isolation -e . -e plugins/evalkit-vllm

touch "$1"
echo "ready after $SECONDS s"
