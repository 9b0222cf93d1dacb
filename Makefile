# What one does with Triggerfish: `make run` to use it, `make test` to change it.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Any Python from 3.11 on; another one with `make run PYTHON=python3.13`.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
UV_VERSION := 0.13.8

export PIP_REQUIRE_VIRTUALENV := 1

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

.PHONY: run
run: setup ## start the service with its examples
	@exec $(BIN)/triggerfish up --config examples/triggerfish.yaml

.PHONY: setup
setup: .venv/.setup ## a virtual environment with the locked dependencies

.PHONY: dev
dev: .venv/.dev ## the same with what the tests and checks need

.PHONY: test
test: dev tools lint ## every check and every test
	$(BIN)/python -m pytest -n auto --dist worksteal

.PHONY: lint
lint: dev ## format, lint, types and layers; changes nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: dev ## put the code into form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: bench
bench: dev ## how fast it is, each figure beside its floor
	@scripts/fetch-tools.sh bench
	$(BIN)/python -m tests.bench

.PHONY: tools
tools: dev ## what the tests with real programs need: AWS CLI, RIE, Node packages
	@scripts/fetch-tools.sh

.PHONY: lock
lock: .venv-lock/.done ## remake the lock files from pyproject.toml
	compile=".venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-emit-find-links $(LOCK_FLAGS)"; \
	$$compile pyproject.toml --group build --output-file requirements.lock; \
	$$compile pyproject.toml --group build --extra dev --constraint requirements.lock --output-file requirements-dev.lock; \
	$$compile scripts/awscli.in --output-file scripts/awscli.lock

.PHONY: clean
clean: ## remove everything that was made here
	rm -rf .venv .venv-lock .venv-awscli .tools build dist .benchmarks .pytest_cache .mypy_cache .ruff_cache \
	  .import_linter_cache .hypothesis

.venv/bin/python:
	@command -v "$(PYTHON)" >/dev/null || \
	  { echo "Triggerfish needs Python 3.11 or newer, and there is no '$(PYTHON)'. Name one: make $(MAKECMDGOALS) PYTHON=…" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Triggerfish needs Python 3.11 or newer; '$(PYTHON)' is $$("$(PYTHON)" -V). Name another: make $(MAKECMDGOALS) PYTHON=…" >&2; exit 1; }
	@echo "Making .venv with $$("$(PYTHON)" -V) …"
	@"$(PYTHON)" -m venv .venv || \
	  { rm -rf .venv; echo "'$(PYTHON) -m venv' failed; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

# The build backend is one of the locked packages, so the last line needs no network.
.venv/.setup: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing the locked dependencies …"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.setup | .venv/bin/python
	@echo "Installing what the tests and checks need …"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

.venv-lock/.done: Makefile
	"$(PYTHON)" -m venv .venv-lock
	.venv-lock/bin/python -m pip --disable-pip-version-check --quiet install uv==$(UV_VERSION)
	@touch $@
