#!/usr/bin/env bash
# Makes .venv-mlflow: MLflow with its tracking server, as requirements-mlflow.lock has it, and nothing
# of evalkit. It has an environment of its own as it allows no pyarrow as new as other plugins take.
#
#   tools/setup-mlflow.sh STAMP
#
# The stamp is written last. Hashes as for setup.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/env.sh

python=$(find_python)
echo "[1/2] .venv-mlflow, with $("$python" --version)"
make_env .venv-mlflow "$python"

# Only what its server and its client import is compiled, which takes seconds; all would take a minute.
echo '[2/2] MLflow'
install_locked .venv-mlflow --no-compile -r requirements-mlflow.lock
check_env .venv-mlflow
PYTHONDONTWRITEBYTECODE='' MLFLOW_DISABLE_TELEMETRY=true .venv-mlflow/bin/python -P -W ignore \
    -c 'import mlflow.server.fastapi_app' >.venv-mlflow/pip.log 2>&1 || {
    tail -n 25 .venv-mlflow/pip.log >&2
    fail 'the server of MLflow cannot be loaded' 'its last lines stand above'
}

touch "$1"
echo "ready after $SECONDS s"
