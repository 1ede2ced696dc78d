# Every target makes what it needs. To begin with: Python >= 3.11 and make, and npm for `check` and `fix`.
# `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

# The first interpreter that is new enough and can make environments; the tested versions come first.
PYTHON_CANDIDATES := python3 python3.13 python3.12 python3.11 python3.14 python
PYTHON ?= $(shell for candidate in $(PYTHON_CANDIDATES); do \
	"$$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' \
	>/dev/null 2>&1 </dev/null && { command -v "$$candidate"; break; }; done)

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
REQUIREMENTS := requirements/build.txt requirements/runtime.txt requirements/development.txt
PROJECTS := pyproject.toml clients/python/pyproject.toml
BUF := node_modules/.bin/buf
PEERS := $(VENV)/peers
FUZZERS := $(VENV)/fuzzers

# For `make soak`: the seed of everything random (none: a new one, which is printed), and minutes per part.
SEED ?=
LENGTH ?= 10

.PHONY: help demo test check fix protos serve bench bench-feed soak coverage clean environment

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.projects ## A flash sale with a crash in the middle, and the report
	$(BIN)/python -m benchmarks.demo

test: $(VENV)/.projects ## All tests but the long ones, on all cores
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

check: $(VENV)/.projects $(BUF) ## Style, types, layers, contract, generated code
	$(BIN)/python scripts/generate_stubs.py --check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports --no-logo
	$(BUF) lint
	$(BUF) format --diff --exit-code

fix: $(VENV)/.projects $(BUF) ## Mend of `check` what a program can mend
	$(BIN)/python scripts/generate_stubs.py
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BUF) format --write

protos: $(VENV)/.projects ## Generate the Python code of protos/ anew
	$(BIN)/python scripts/generate_stubs.py

serve: $(VENV)/.projects ## A node on ./data
	$(BIN)/holdfast serve --data-dir data

bench: $(VENV)/.projects $(PEERS)/.installed ## The benchmarks, beside what else one would use, if it is there
	PYTHONPATH=$(CURDIR)/$(PEERS) $(BIN)/python -m benchmarks.bench

bench-feed: $(VENV)/.projects $(PEERS)/.installed ## The feed beside NATS, and Redis and PostgreSQL if they are there
	PYTHONPATH=$(CURDIR)/$(PEERS) $(BIN)/python -m benchmarks.feed_latency

soak: export SEED := $(SEED)
soak: export LENGTH := $(LENGTH)
soak: export HYPOTHESIS_PROFILE := soak
soak: $(VENV)/.projects $(FUZZERS)/.installed ## The long tests; SEED and LENGTH (minutes) may be given
	PYTHONPATH=$(CURDIR)/$(FUZZERS) $(BIN)/python -m pytest -m soak --timeout=0 $(if $(SEED),--hypothesis-seed=$(SEED))

coverage: $(VENV)/.projects ## The tests again, with the branches they reach
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

clean: ## Remove all that was made, but not ./data
	rm -rf $(VENV) node_modules build dist .coverage .coverage.* .mypy_cache .ruff_cache \
		.pytest_cache .hypothesis .import_linter_cache .cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find . -name '*.egg-info' -type d -prune -exec rm -rf {} +

environment: $(VENV)/.projects ## The environment alone, in .venv

# Exact versions only, of everything: pip resolves nothing, and `pip check` sees that nothing is
# missing. setuptools comes first because thespian is built here, with no other build tools.
$(VENV)/.requirements: $(REQUIREMENTS)
	@test -n "$(PYTHON)" || { echo "Holdfast needs Python 3.11 or newer with the venv module; none of" \
		"'$(PYTHON_CANDIDATES)' is. Install one (Debian: python3 and python3-venv), or run" \
		"make PYTHON=/path/to/python3." >&2; exit 1; }
	@echo "Making $(VENV) with $(PYTHON) ($$($(PYTHON) --version)); this takes a minute."
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) install --no-deps -r requirements/build.txt
	$(PIP) install --no-deps --no-build-isolation -r requirements/development.txt
	@touch $@

$(VENV)/.projects: $(VENV)/.requirements $(PROJECTS)
	$(PIP) install --no-deps --no-build-isolation -e clients/python -e .
	@$(PIP) check
	@touch $@

# What Holdfast is compared with is no part of the environment, but beside it.
$(PEERS)/.installed: requirements/benchmarks.txt $(VENV)/.requirements
	rm -rf $(PEERS)
	$(PIP) install --no-deps --target $(PEERS) -r requirements/benchmarks.txt
	@touch $@

# The fuzzer has wheels for few platforms, so that only the long tests want it.
$(FUZZERS)/.installed: requirements/fuzzing.txt $(VENV)/.requirements
	rm -rf $(FUZZERS)
	$(PIP) install --no-deps --target $(FUZZERS) -r requirements/fuzzing.txt
	@touch $@

# `npm install` keeps to the lock file's versions and hashes. `npm ci` would ask that the lock file
# names buf's binaries for every platform, also those that a registry mirror does not carry.
$(BUF): package.json package-lock.json
	@command -v npm >/dev/null || { echo "make check and make fix need npm (Node.js) for buf, the tool" \
		"that checks protos/. Install Node.js 18 or newer; the other targets do without." >&2; exit 1; }
	npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null
	@touch $@
