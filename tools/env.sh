# Shared by the scripts beside it, which run in the project's folder and source this file: how to
# find Python, make a virtual environment, what of ours to install, and how to install it there.

torch=$(grep -o '^torch==[^ ]*' requirements.lock)

fail() {  # MESSAGE HINT
    printf 'error: %s\n  %s\n' "$1" "$2" >&2
    exit 1
}

trap 'fail "interrupted" "the same command starts afresh"' INT TERM

# Prints the first Python of $PYTHON, python3.11 and python3 that is new enough.
find_python() {
    local candidate
    for candidate in ${PYTHON:-python3.11 python3}; do
        # A command may exist and yet not start, as the shims of version managers do: try it.
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    fail "no Python 3.11 or newer: tried ${PYTHON:-python3.11, python3}" \
        'name one: make PYTHON=/path/to/python3.11 ...'
}

# A stamp of any set-up shows that the environment was finished once. Its scripts hold the folder's
# name, so that one which was moved is of no use, nor is one whose Python is gone.
is_whole() {  # ENV
    compgen -G "$1/.ready-*" >/dev/null &&
        grep -qsF "$(pwd -P)/$1" "$1/bin/activate" &&
        "$1/bin/python" -c '' 2>/dev/null
}

# Makes a virtual environment, unless a whole one is there; takes its stamps away.
make_env() {  # ENV PYTHON
    if ! is_whole "$1"; then
        [ ! -e "$1" ] || echo '      an unfinished one is removed first'
        rm -rf "$1"
        "$2" -m venv "$1" ||
            fail "$2 cannot make a virtual environment" 'install its modules venv and ensurepip'
    fi
    rm -f "$1"/.ready-*
}

# Sets `ours` to pip's arguments for the core (with the extras of $1) and for every plugin.
find_ours() {
    local plugin
    ours=(-e ".${1:-}")
    for plugin in plugins/*/; do
        plugin=${plugin%/}
        case $plugin in
            */evalkit-webnlg) ours+=(-e "$plugin[hub]") ;;
            */evalkit-tables) ours+=(-e "$plugin[parquet]") ;;
            *) ours+=(-e "$plugin") ;;
        esac
    done
}

# Says how long it has taken, how many packages are there and what pip does now: over and over in
# one line on a terminal, every ten seconds elsewhere. Ends with the script that started it.
watch_pip() {  # ENV LOG
    local end=$'\n' pause=10 packages step='^ *(Collecting|Processing|Downloading|Installing) .*'
    if [ -t 1 ]; then end=$'\r' pause=1; fi
    while sleep "$pause" >/dev/null && kill -0 $$ 2>/dev/null; do
        packages=$(find "$1"/lib/python*/site-packages -maxdepth 1 -name '*.dist-info' | wc -l)
        printf '      %4d s, %3d packages: %-60.60s%s' \
            "$SECONDS" "$packages" "$(grep -oE "$step" "$2" | tail -n 1)" "$end"
    done
}

install() {  # ENV ARGUMENTS-OF-PIP-INSTALL...
    local env=$1
    shift
    watched "$env" install "$@"
}

# Runs the pip of ENV, whose own words go to a log, of which a failure shows the end.
watched() {  # ENV PIP-COMMAND ARGUMENTS...
    local env=$1 command=$2 log=$1/pip.log watcher code=0
    shift 2
    : >"$log"
    watch_pip "$env" "$log" &
    watcher=$!
    "$env/bin/python" -m pip "$command" --disable-pip-version-check --progress-bar off "$@" \
        >"$log" 2>&1 || code=$?
    kill "$watcher" 2>/dev/null || true
    wait "$watcher" 2>/dev/null || true
    [ ! -t 1 ] || printf '\033[2K\r'
    if [ "$code" -ne 0 ]; then
        tail -n 25 "$log" >&2
        fail "pip could not $command: $*" 'its last lines stand above; the same command starts afresh'
    fi
}

search_too() {  # INDEX COMMAND... : runs the command with one more index for pip, if it is named
    local more=$1
    shift
    if [ -n "$more" ]; then
        PIP_EXTRA_INDEX_URL="${PIP_EXTRA_INDEX_URL:+$PIP_EXTRA_INDEX_URL }$more" "$@"
    else
        "$@"
    fi
}

# Installs what locks name and nothing else, each file by its hash; nothing is built, since that
# would run code of packages that no lock names.
install_locked() {  # ENV -r LOCK...
    local env=$1
    shift
    install "$env" --no-deps --only-binary=:all: --require-hashes "$@"
}

# Installs the build of torch that pip chooses, if the lock has its hash; then what it needs for GPUs,
# if it is made for them. Not by --require-hashes: pip then prefers builds whose hash an index tells
# to those in a folder of the user's choice.
install_torch() {  # ENV LOCK
    local env=$1 lock=$2 wheel sum builds needs
    needs='from importlib.metadata import requires, version; print(version("torch"), *requires("torch"))'
    builds=$("$env/bin/python" -c "$needs" 2>/dev/null || true)
    if [[ $builds != "${torch#*==}"[+\ ]* ]]; then
        rm -rf "$env/torch"
        watched "$env" download --no-deps --only-binary=:all: --dest "$env/torch" "$torch"
        wheel=$(echo "$env"/torch/torch-*.whl)
        sum=$(sha256sum "$wheel" | cut -d ' ' -f 1)
        awk '/^[^ ]/ { ours = /^torch==/ } ours' "$lock" | grep "sha256:$sum" >/dev/null ||
            fail "$lock does not have the hash of ${wheel##*/}" \
                'if you trust the index it came from: make hashes, with the same TORCH_INDEX'
        install "$env" --no-deps "$wheel"
        rm -rf "$env/torch"
        builds=$("$env/bin/python" -c "$needs")
    fi
    if [[ $builds == *nvidia-* ]]; then install_locked "$env" -r requirements-cuda.lock; fi
}

# Sees that the locks lack nothing that a pyproject.toml asks for.
check_env() {  # ENV
    "$1/bin/python" -m pip check >"$1/pip.log" 2>&1 || {
        cat "$1/pip.log" >&2
        fail 'the locks lack what is named above' 'resolve them anew: make lock'
    }
}
