# `make demo` and `make test` work alone from a fresh clone: Python 3.11+ and make are all they need.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
TESTED := $(VENV)/.installed-test
WRITES := $(VENV)/.installed-docs
OUT    ?= phylolens-demo
# Tests run in as many processes as there are cores, at least two.
JOBS   ?= $(shell n=`getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2`; [ "$$n" -gt 2 ] || n=2; echo $$n)
QUIET  := --quiet --quiet --disable-pip-version-check

.PHONY: demo test lint types unit verify fuzz kill bench docs setup lock licences clean help

help:
	@echo "make demo    simulate shells with a known history, run everything, print where the report is"
	@echo "make test    lint, types and tests"
	@echo "make verify  slow checks of the statistics (type-I error, recovery)"
	@echo "make fuzz    damaged files for every reader: a value or one clear message, within seconds"
	@echo "make kill    commands stopped at any moment, a full disk, outputs cut short: the same bytes"
	@echo "make bench   timings, as ratios within one run"
	@echo "make docs    build the site: docs/ to site/, offline"
	@echo "make lock    regenerate the lock files from pyproject.toml (UPGRADE=1: newer versions)"
	@echo "make licences  licences of all that an install with torch brings"

setup: $(STAMP)

# What images to report needs; no torch.
$(STAMP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "PhyloLens needs Python 3.11 or newer; $(PYTHON) is `$(PYTHON) --version`. Try: make PYTHON=python3.12 ..."; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing PhyloLens and what it needs into $(VENV) (a minute, once) ..."
	@$(BIN)/python -m pip install $(QUIET) --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install $(QUIET) --no-deps --no-build-isolation -e .
	@touch $(STAMP)

# The same versions and more: torch, and what only tests and tools use.
$(TESTED): $(STAMP) requirements-test.lock
	@echo "Installing torch and what the tests need into $(VENV) (a few minutes, once) ..."
	@$(BIN)/python -m pip install $(QUIET) --no-deps --require-hashes -r requirements-test.lock
	@touch $(TESTED)

# The same versions and what builds the site; no torch.
$(WRITES): $(STAMP) requirements-docs.lock
	@echo "Installing what the documentation needs into $(VENV) (once) ..."
	@$(BIN)/python -m pip install $(QUIET) --no-deps --require-hashes -r requirements-docs.lock
	@touch $(WRITES)

demo: $(STAMP)
	@$(BIN)/phylolens demo --out $(OUT)

test: lint types unit

lint: $(TESTED)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(TESTED)
	@$(BIN)/mypy

unit: $(TESTED)
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(JOBS)

verify: $(TESTED)
	@$(BIN)/python -m pytest -q verification

fuzz: $(TESTED)
	@$(BIN)/python verification/fuzz/run.py

kill: $(TESTED)
	@$(BIN)/python verification/kill.py --cut

bench: $(TESTED)
	@for script in benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

# The command line, the output of the examples, then the site; a link that leads nowhere is an error.
docs: $(WRITES)
	@$(BIN)/python docs/make_cli.py
	@$(BIN)/python docs/make_formats.py
	@$(BIN)/python docs/run_blocks.py
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "The site: site/index.html"

# All serve Python 3.11 and later on Linux, macOS and Windows; pins stay unless UPGRADE is set.
COMPILE = -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)
lock:
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install $(QUIET) 'uv>=0.9'
	@$(BIN)/python $(COMPILE) --all-extras --output-file requirements-test.lock pyproject.toml
	@$(BIN)/python $(COMPILE) --extra vision --extra build --constraint requirements-test.lock \
	  --output-file requirements.lock pyproject.toml
	@$(BIN)/python $(COMPILE) --extra vision --extra build --extra docs --constraint requirements-test.lock \
	  --output-file requirements-docs.lock pyproject.toml

licences: $(TESTED)
	@$(BIN)/python tools/licences.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache site $(OUT)
