# The developer's door. `make help` says what there is; every goal makes .venv first if need be.
#
#   ARGS          more arguments for the command behind a goal: make test ARGS="-x tests/cli"
#   PYTHON        the interpreter that makes .venv; else python3.11, else python3
#   EVALKIT_FAULTS_SEED, EVALKIT_FAULTS_POINTS   of make test-faults: what is drawn, and how much
#   FUZZ_SECONDS, FUZZ_SEED   of make fuzz: how long it takes, and the first seed
#   EVALKIT_CHROMIUM   the browser of make test-browser; else the system's Chromium or Chrome
#   TORCH_INDEX   an index that pip shall search as well, for another build of torch

ARGS ?=
FUZZ_SECONDS ?= 300
FUZZ_SEED ?= 1
export PYTHON
export TORCH_INDEX
export EVALKIT_CHROMIUM

BIN := .venv/bin
# The set-up is done again when what it reads has changed, or when the folder was moved.
STATE := $(shell { pwd -P; cat requirements*.lock pyproject.toml plugins/*/pyproject.toml tools/*.sh; } \
	| sha256sum | cut -c 1-12)
READY := .venv/.ready-$(STATE)
READY_DEV := .venv/.ready-dev-$(STATE)
STATE_VLLM := $(shell { pwd -P; cat requirements-vllm.lock pyproject.toml \
	plugins/evalkit-vllm/pyproject.toml tools/*.sh; } | sha256sum | cut -c 1-12)
READY_VLLM := .venv-vllm/.ready-$(STATE_VLLM)
STATE_MLFLOW := $(shell { pwd -P; cat requirements-mlflow.lock tools/*.sh; } | sha256sum | cut -c 1-12)
READY_MLFLOW := .venv-mlflow/.ready-$(STATE_MLFLOW)
STATE_PEERS := $(shell { pwd -P; cat benchmarks/constraints-peers.txt tools/*.sh; } \
	| sha256sum | cut -c 1-12)
READY_PEERS := .venv-peers/.ready-$(STATE_PEERS)
# One process per core, at most four, each with its own part of the files; one that is done takes
# over from the others. ARGS="-n 0" keeps all in one process, and so does --pdb.
SPREAD := -n logical --maxprocesses=4 --dist=worksteal
# What the benchmarks named in ARGS need; an interpreter named in the environment needs no set-up.
OF_PEERS := generation training ratings_bootstrap
NAMED := $(or $(ARGS),$(OF_PEERS) vllm_direct html_report)
NEEDED := $(if $(filter html_report,$(NAMED)),$(READY_DEV)) \
	$(if $(filter $(OF_PEERS),$(NAMED)),$(if $(EVALKIT_PEERS_PYTHON),,$(READY_PEERS))) \
	$(if $(filter vllm_direct,$(NAMED)),$(if $(EVALKIT_VLLM_PYTHON),,$(READY_VLLM)))

# Two set-ups of one environment must not run at once, whatever -j says.
.NOTPARALLEL:
.PHONY: help webnlg job-family test test-all test-faults fuzz test-vllm test-mlflow test-browser check format docs bench lock hashes clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 16

webnlg: $(READY)  ## the entity-relation study, on a small model
	@$(BIN)/evalkit run suites/webnlg.toml $(ARGS)

job-family: $(READY)  ## job postings sorted into job families
	@$(BIN)/evalkit run suites/job-family.toml $(ARGS)

test: $(READY_DEV)  ## the tests, but for the slow and the browser's (ARGS="-n 0": in one process)
	$(BIN)/python -m pytest $(SPREAD) $(ARGS)

test-all: $(READY_DEV)  ## all tests
	$(BIN)/python -m pytest $(SPREAD) -m "" $(ARGS)

test-faults: $(READY_DEV)  ## runs that are killed, stopped, short of space, damaged: all faults
	EVALKIT_FAULTS_POINTS=$(or $(EVALKIT_FAULTS_POINTS),200) \
		$(BIN)/python -m pytest $(SPREAD) -m "" tests/faults $(ARGS)

fuzz: $(READY_DEV)  ## five minutes of input that is nearly right (FUZZ_SECONDS, FUZZ_SEED)
	EVALKIT_FUZZ_SECONDS=$(FUZZ_SECONDS) EVALKIT_FUZZ_SEED=$(FUZZ_SEED) \
		$(BIN)/python -m pytest -v -s --timeout=0 -m fuzz $(ARGS)

test-vllm: $(READY_DEV) $(READY_VLLM)  ## the tests of the engine vllm, in .venv-vllm
	EVALKIT_VLLM_PYTHON=$(CURDIR)/.venv-vllm/bin/python \
		$(BIN)/python -m pytest -m "" plugins/evalkit-vllm $(ARGS)

test-mlflow: $(READY_DEV) $(READY_MLFLOW)  ## the tests of the reporter mlflow, on a server of .venv-mlflow
	EVALKIT_MLFLOW_PYTHON=$(CURDIR)/.venv-mlflow/bin/python \
		$(BIN)/python -m pytest -m "" plugins/evalkit-mlflow $(ARGS)

test-browser: $(READY_DEV)  ## the report in Chromium, which root gets from apt-get if there is none
	@chromium=$$(tools/setup-browser.sh) && echo "Chromium: $$chromium" && \
		EVALKIT_CHROMIUM=$$chromium $(BIN)/python -m pytest -m browser plugins/evalkit-report $(ARGS)

check: $(READY_DEV)  ## format, lint, types, layers and house rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py tests/test_house.py tests/test_unsafe_code.py

format: $(READY_DEV)  ## lay the code out, and repair what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY_DEV)  ## run the code in the docs
	$(BIN)/python -m pytest tests/test_docs.py $(ARGS)

bench: $(READY) $(NEEDED)  ## measure evalkit against its peers (ARGS="generation": one row)
	@$(BIN)/python -m benchmarks $(ARGS)

lock:  ## resolve the requirements*.lock anew
	@tools/lock.sh
	@tools/lock.sh vllm
	@tools/lock.sh mlflow

hashes:  ## complete the requirements*.lock with hashes, as after a pin was written by hand
	@tools/lock.sh hashes

clean:  ## remove .venv, .venv-* and all caches; runs/ stays
	rm -rf .venv .venv-vllm .venv-mlflow .venv-peers .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find src plugins tests suites -name __pycache__ -prune -exec rm -rf {} +

$(READY):
	@tools/setup.sh run $@

$(READY_DEV):
	@tools/setup.sh dev $(READY) $@

$(READY_PEERS):
	@tools/setup-peers.sh $@

$(READY_VLLM):
	@tools/setup-vllm.sh $@

$(READY_MLFLOW):
	@tools/setup-mlflow.sh $@
