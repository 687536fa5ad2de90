# Two commands matter: `make demo` and `make test`. Both create what they need; nothing but Python 3.11+ and make is asked for.
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
# The first interpreter that really runs and is new enough (a shim that only complains is passed over).
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)

.PHONY: help demo test test-e2e e2e-server bench lint measure clean

help:  ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

demo: $(VENV)/.runtime  ## start everything embedded: service, worker, sandbox EHR; prints the URL
	@$(BIN)/titrate demo

test: $(VENV)/.dev  ## the whole suite: types, layers, style, tests, README
	@$(BIN)/python -m pytest

test-e2e: $(VENV)/.dev e2e-server  ## Titrate against a third-party FHIR server (needs Node 20.19 or newer and npm)
	@$(BIN)/python -m pytest tests/e2e

# No lock file: one would name registries. package.json pins what we name; those packages pin their own exactly or nearly.
e2e-server:
	@node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' \
		|| { echo "make: the third-party FHIR server needs Node 20.19 or newer on PATH" >&2; exit 2; }
	@cd tests/e2e/server && npm install --no-package-lock --no-audit --no-fund --ignore-scripts --silent \
		|| { echo "make: the packages of tests/e2e/server/package.json could not be had" >&2; exit 2; }

bench: $(VENV)/.dev  ## printed figures: hook latency, engine, advice
	@$(BIN)/python -m benchmarks

lint: $(VENV)/.dev  ## ruff, mypy and the layer rule alone
	@$(BIN)/ruff check && $(BIN)/ruff format --check && $(BIN)/mypy && $(BIN)/lint-imports

measure: $(VENV)/.dev  ## function lengths and the longest files
	@$(BIN)/python -m tests.house.measure

clean:  ## remove the environment and caches, never data
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/pyvenv.cfg:
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer was found on PATH; install one, or say PYTHON=/path/to/python3" >&2; exit 2; }
	@echo "Creating $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV) || { echo "make: $(PYTHON) can't create a virtual environment (on Debian: python3-venv)" >&2; exit 2; }

$(VENV)/.runtime: $(VENV)/pyvenv.cfg pyproject.toml constraints.txt
	@echo "Installing what Titrate needs (once, about half a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	@echo "Installing what the tests need (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@# NONMEM's own run of the phenobarbital data, for one test; its two dozen dependencies are not needed to read a file
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps pharmpy-core==2.1.1 \
		|| echo "pharmpy-core could not be had: the phenobarbital comparison will say that it is skipped"
	@touch $@
