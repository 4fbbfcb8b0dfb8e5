# `make demo` and `make test` work alone from a fresh clone: Python 3.11+ and make are all they need.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
OUT    ?= phylolens-demo
QUIET  := --quiet --quiet --disable-pip-version-check

.PHONY: demo test lint types unit verify fuzz kill bench docs setup lock licences clean help

help:
	@echo "make demo    simulate shells with a known history, run everything, print where the report is"
	@echo "make test    lint, types and tests"
	@echo "make verify  slow checks of the statistics (type-I error, recovery)"
	@echo "make fuzz    damaged files for every reader: a value or one clear message, within seconds"
	@echo "make kill    commands stopped at any moment, a full disk, outputs cut short: the same bytes"
	@echo "make bench   timings, as ratios within one run"
	@echo "make docs    regenerate docs/cli.md from the commands"
	@echo "make lock    regenerate requirements.lock from pyproject.toml (UPGRADE=1: newer versions)"
	@echo "make licences  licences of all that a default install brings"

setup: $(STAMP)

$(STAMP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "PhyloLens needs Python 3.11 or newer; $(PYTHON) is `$(PYTHON) --version`. Try: make PYTHON=python3.12 ..."; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing PhyloLens and what it needs into $(VENV) (a few minutes, once) ..."
	@$(BIN)/python -m pip install $(QUIET) --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install $(QUIET) --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: $(STAMP)
	@$(BIN)/phylolens demo --out $(OUT)

test: lint types unit

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP)
	@$(BIN)/mypy

unit: $(STAMP)
	@$(BIN)/python -m pytest -q

verify: $(STAMP)
	@$(BIN)/python -m pytest -q verification

fuzz: $(STAMP)
	@$(BIN)/python verification/fuzz/run.py

kill: $(STAMP)
	@$(BIN)/python verification/kill.py --cut

bench: $(STAMP)
	@for script in benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

docs: $(STAMP)
	@$(BIN)/python docs/make_cli.py

# One file for Python 3.11 and later on Linux, macOS and Windows; pins stay unless UPGRADE is set.
lock:
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install $(QUIET) 'uv>=0.9'
	@$(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --all-extras \
	  --generate-hashes --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade) \
	  --output-file requirements.lock pyproject.toml

licences: $(STAMP)
	@$(BIN)/python tools/licences.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache $(OUT)
