# Two commands for a newcomer: `make demo` and `make test`. Everything else is listed by `make help`.
# The first on the path that Kept runs on; name another with make PYTHON=...
PYTHON ?= $(or $(shell for name in python3 python3.13 python3.12 python3.11; do \
	command -v $$name >/dev/null && $$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$name && break; done),python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
# Tests run side by side (tests/conftest.py says by how many); who is done takes from the others, for the slow ones
# stand together. ARGS come after and win (ARGS="-n 0 -k name").
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal
ARGS ?=
export PYTHONUNBUFFERED := 1

.PHONY: help demo test check bench lock clean setup setup-dev
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

demo: setup ## all set-up, then the main job on the sample portfolio, then the console in a browser (ARGS=--once: end after the summary)
	@$(BIN)/kept demo $(ARGS)

test: setup-dev ## all set-up, then every test
	@$(PYTEST) $(ARGS)

check: setup-dev ## lint, types, imports, tests: what CI runs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/basedpyright
	@$(BIN)/lint-imports
	@$(PYTEST) $(ARGS)

bench: setup-dev ## the ratios of docs/performance.md, each beside its floor (N=1000000 for a large book)
	@$(BIN)/python -m tests.bench $(ARGS)

setup: $(VENV)/.run ## the commands in .venv, with what they need to run
setup-dev: $(VENV)/.dev ## the same, and what the tests and checks need

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Kept needs Python 3.11, 3.12 or 3.13, and there is no $(PYTHON). Install one, or name it: make PYTHON=/path/of/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else "Kept needs Python 3.11, 3.12 or 3.13; $(PYTHON) is %d.%d. Name another: make PYTHON=python3.11" % v)'
	@echo "Making $(VENV) with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "This Python cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

# After a failure pip has said why on the lines above; nothing is marked as done, so make goes on from there.
$(VENV)/.run: requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "Installing what Kept needs (a minute or two the first time) ..."
	@$(PIP) install --progress-bar on --require-hashes -r requirements/run.txt || { echo "The packages of requirements/run.txt could not be installed: see above. Is there a network?" >&2; exit 1; }
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "Installing what the tests and checks need ..."
	@$(PIP) install --progress-bar on --require-hashes -r requirements/dev.txt || { echo "The packages of requirements/dev.txt could not be installed: see above. Is there a network?" >&2; exit 1; }
	@touch $@

lock: setup-dev ## resolve the locks again (hashes, no addresses)
	@$(BIN)/uv pip compile pyproject.toml --group dev --group build --group lock --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' -o requirements/dev.txt --quiet
	@$(BIN)/uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' -c requirements/dev.txt -o requirements/run.txt --quiet

clean: ## remove the environment and the local data (var/)
	rm -rf $(VENV) var
