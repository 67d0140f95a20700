# Every target sets up what it needs the first time it is run: make demo | test | check | bench | soak.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet
SOURCES := webidentity integrations demo_site tests benchmarks tools

.PHONY: demo test coverage check test-min test-all mutants bench soak browser clean
.DEFAULT_GOAL := test

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "webidentity needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing: on Debian, apt-get install python3-venv"; exit 1; }

$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the dependencies of the demo (once) ..."
	@$(PIP) --editable '.[flask,django,aio,testing]'
	@touch $@

$(VENV)/.dev: requirements-dev.txt constraints.txt $(VENV)/.demo
	@echo "Installing the tools for checks and tests (once) ..."
	@$(PIP) --requirement requirements-dev.txt
	@touch $@

demo: $(VENV)/.demo
	@$(BIN)/python -m demo_site $(ARGS)

browser:
	@sh tests/browser/install_chromium.sh

# The whole suite, then the coverage gate (pyproject.toml). make test ARGS="tests/web -q" runs a part, without the gate.
test: $(VENV)/.dev browser
ifdef ARGS
	@$(BIN)/python -m pytest $(ARGS)
else
	@$(BIN)/python -m pytest -n 2 --ignore tests/browser --cov --cov-report= --cov-fail-under=0
	@# In a separate process, because Playwright leaves an event loop running in the thread of its tests.
	@$(BIN)/python -m pytest -n 2 tests/browser
	@$(BIN)/coverage report
endif

# The lines and branches that the last "make test" did not reach.
coverage: $(VENV)/.dev
	@$(BIN)/coverage report --show-missing

check: $(VENV)/.dev
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/mypy
	@$(BIN)/mypy tests/typing tools
	@$(BIN)/pyright
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python tools/source_size.py
	@$(BIN)/python tools/public_types.py
	@$(BIN)/python -m pytest -q -n 2 tests/docs

# The suite with the minimum versions that pyproject.toml declares.
test-min: $(VENV)/.dev
	@$(BIN)/python tools/environments.py min $(ARGS)

# The suite with each supported Python and Django. Needs the interpreters, on PATH or from pyenv.
test-all: $(VENV)/.dev
	@$(BIN)/python tools/environments.py all $(ARGS)

# Changes the code in small ways and reports the changes that no test notices: tests/mutants.md.
mutants: $(VENV)/.dev
	@$(BIN)/python tools/mutants.py $(ARGS)

bench: $(VENV)/.dev
	@$(BIN)/python -m benchmarks

# Many users at sites in real servers, while the authority misbehaves. make soak SECONDS=60 SEED=1 is shorter, and repeats
# a walk.
soak: $(VENV)/.dev
	@$(BIN)/python -m tests.soak $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) $(ARGS)

clean:
	rm -rf $(VENV) .venvs .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*
