# make demo | make test | make check | make bench: each does its own set-up, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet
SOURCES := webidentity integrations demo_site tests benchmarks tools

.PHONY: demo test check bench browser clean
.DEFAULT_GOAL := test

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "webidentity needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "no venv module: on Debian, apt-get install python3-venv"; exit 1; }

$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing what the demo needs (once) ..."
	@$(PIP) --editable '.[flask,django,aio,testing]'
	@touch $@

$(VENV)/.dev: requirements-dev.txt constraints.txt $(VENV)/.demo
	@echo "Installing what the checks and tests need (once) ..."
	@$(PIP) --requirement requirements-dev.txt
	@touch $@

demo: $(VENV)/.demo
	@$(BIN)/python -m demo_site $(ARGS)

browser:
	@sh tests/browser/install_chromium.sh

# make test ARGS="tests/web -q" runs a part.
test: $(VENV)/.dev browser
ifdef ARGS
	@$(BIN)/python -m pytest $(ARGS)
else
	@$(BIN)/python -m pytest -n 2 --ignore tests/browser
	@# In a process of its own: Playwright keeps an event loop running in the thread of its tests.
	@$(BIN)/python -m pytest -n 2 tests/browser
endif

check: $(VENV)/.dev
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/mypy
	@$(BIN)/mypy tests/typing
	@$(BIN)/pyright
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python tools/source_size.py

bench: $(VENV)/.dev
	@$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
