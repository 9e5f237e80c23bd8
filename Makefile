# Lots: `make help` lists what there is. Needs python3 (3.11 or later), make and git; the rest is set up in .venv.
#
#   PYTHON=python3.13 VENV=.venv-3.13    another Python, beside the usual one
#   ARGS="-k samtal"                     more for pytest
#   JOBS=3                               how many tests at a time
#   SHORT=1                              the short form of a slow proof, as CI runs it

PYTHON ?= python3
VENV ?= .venv
JOBS ?= 3
ARGS ?=
SHORT ?=

BIN := $(VENV)/bin
PYTEST := $(BIN)/pytest
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Some machines forbid it, and then each process compiles all that it imports, and each pytest its tests.
unexport PYTHONDONTWRITEBYTECODE
.DELETE_ON_ERROR:

CHECKS := lint-style lint-format lint-types lint-imports lint-dependencies lint-dialogs catalogues-check docs-check
.PHONY: help try test process lint format bench kill transcripts exhaustive browser security package pictures example catalogues docs lock clean setup \
	$(CHECKS)

help: ## list these targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- set-up: .venv has the run lock (.run) or the development lock, which holds the run lock (.dev) -------------

define installs
if command -v uv >/dev/null && uv pip install --quiet --python $(BIN)/python --require-hashes -r $(1) 2>/dev/null; \
then :; else $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r $(1); fi
endef

define new_venv
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "Lots needs Python 3.11 or later, and $(PYTHON) is not. Try: make PYTHON=python3.12 …"; exit 1; }; \
$(PYTHON) -m venv --clear $(VENV) || { \
	echo "No virtual environment could be made. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
endef

# A changed lock makes the environment anew, so that nothing that was taken away stays.
$(VENV)/.run: requirements/run.lock
	@echo "Setting up $(VENV) to run Lots …"
	@$(new_venv)
	@$(call installs,requirements/run.lock)
	@touch $@

$(VENV)/.dev: requirements/dev.lock requirements/run.lock
	@echo "Setting up $(VENV) for development …"
	@if [ ! -e $(VENV)/.run ] || [ requirements/run.lock -nt $(VENV)/.run ] \
		|| { [ -e $@ ] && [ requirements/dev.lock -nt $@ ]; }; then $(new_venv); fi
	@$(call installs,requirements/dev.lock)
	@touch $(VENV)/.run $@

# Lots itself, editable; again when pyproject.toml changes or the environment is new.
define install_lots
$(BIN)/python -m pip install -qq --disable-pip-version-check --no-build-isolation --no-deps --editable .
endef

$(VENV)/.lots: $(VENV)/.run pyproject.toml
	@$(install_lots)
	@touch $@

$(VENV)/.lots-dev: $(VENV)/.dev pyproject.toml
	@$(install_lots)
	@touch $(VENV)/.lots $@

setup: $(VENV)/.lots-dev ## everything for development, in .venv

# --- run --------------------------------------------------------------------------------------------------------

try: $(VENV)/.lots ## have a talk with Lots here, with a practice store: no token, no set-up
	@$(BIN)/lots try

# --- tests ------------------------------------------------------------------------------------------------------

test: $(VENV)/.lots-dev ## the tests, but for the slow ones below
	@$(PYTEST) -n $(JOBS) $(ARGS)

process: $(VENV)/.lots-dev ## the program itself, started, stopped, fed bad weather and killed now and then
	@$(PYTEST) -n $(JOBS) -m "process and not kill" $(if $(SHORT),--short) $(ARGS)

kill: $(VENV)/.lots-dev ## kill the running program at many moments: nothing may be lost
	@$(PYTEST) -n $(JOBS) -m kill $(if $(SHORT),--short) $(ARGS)

transcripts: $(VENV)/.lots-dev ## every transcript over HTTP, both ways: the same screens, a silent log, an unreadable disk
	@$(PYTEST) -n $(JOBS) -m every $(if $(SHORT),--short) $(ARGS)

exhaustive: $(VENV)/.lots-dev ## what goes through every combination there is, and random people who go very far
	@$(PYTEST) -n $(JOBS) -m exhaustive $(ARGS)

browser: $(VENV)/.lots-dev ## the web chat in Chromium: every dialog, with thumbs, keys and axe; LOTS_SHOTS=… keeps pictures
	@tools/chromium >/dev/null
	@$(if $(SHORT),,echo "pictures of every screen: $${LOTS_SHOTS:-$${TMPDIR:-/tmp}/lots-shots}")
	@$(PYTEST) -n $(JOBS) -m browser $(if $(SHORT),--short) $(ARGS)

# The short form leaves out what CI runs by its other targets.
security: $(VENV)/.lots-dev ## for a reviewer: every test that the threat model rests on, with its figures
	@$(if $(SHORT),,tools/chromium >/dev/null)
	@$(PYTEST) -n $(JOBS) -m "security$(if $(SHORT), and not process and not kill and not every and not exhaustive and not browser)" $(ARGS)

bench: $(VENV)/.lots-dev ## how fast the parts are
	@$(PYTEST) --benchmark-enable --benchmark-only --benchmark-columns=min,median,stddev,rounds $(ARGS)

package: $(VENV)/.lots-dev ## build the wheel and try it in an environment of its own
	@tools/try-wheel $(BIN)/python

# --- checks -----------------------------------------------------------------------------------------------------

lint: $(VENV)/.lots-dev ## every check that reads and does not run; all are made, also when one fails
	@$(MAKE) -k $(CHECKS) && echo "lint: all $(words $(CHECKS)) checks hold"

lint-style: $(VENV)/.lots-dev
	@$(BIN)/ruff check --quiet .

lint-format: $(VENV)/.lots-dev
	@$(BIN)/ruff format --check --quiet . || { echo "Run: make format"; exit 1; }

lint-types: $(VENV)/.lots-dev
	@$(BIN)/mypy --no-error-summary

lint-imports: $(VENV)/.lots-dev
	@$(BIN)/lint-imports --no-logo >$(VENV)/imports.log || { cat $(VENV)/imports.log; exit 1; }

# What is declared, used, locked and installed is one and the same; a lock names no index.
lint-dependencies: $(VENV)/.lots-dev
	@$(BIN)/deptry . >$(VENV)/deptry.log 2>&1 || { cat $(VENV)/deptry.log; exit 1; }
	@$(BIN)/python -m pip check >/dev/null || { $(BIN)/python -m pip check; echo "Run: make lock"; exit 1; }
	@! grep -nE '://|^--?[a-z-]*(index|find-links)' requirements/*.lock || { echo "A lock names an index. Run: make lock"; exit 1; }

lint-dialogs: $(VENV)/.lots-dev
	@$(BIN)/lots lint

catalogues-check: $(VENV)/.lots-dev
	@$(BIN)/python tools/catalogues.py check

docs-check: $(VENV)/.lots-dev
	@$(BIN)/python tools/docs.py check

# --- write ------------------------------------------------------------------------------------------------------

format: $(VENV)/.lots-dev ## put the code in order
	@$(BIN)/ruff check --quiet --fix-only --select I .
	@$(BIN)/ruff format --quiet .

example: $(VENV)/.lots-dev ## make the bundle of docs/overforing.md anew
	@$(BIN)/python -m tools.example

catalogues: $(VENV)/.lots-dev ## gather the Swedish texts, and bring the English catalogue in step
	@$(BIN)/python tools/catalogues.py update

docs: $(VENV)/.lots-dev ## write the generated parts of the documents anew
	@$(BIN)/python tools/docs.py update

pictures: $(VENV)/.lots-dev ## take the README's pictures of the web chat anew
	@tools/chromium >/dev/null
	@$(BIN)/python tools/pictures.py

# Newest first: UPGRADE=--upgrade make lock
LOCKS := --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate --quiet
lock: ## lock the dependencies of pyproject.toml anew (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv"; exit 1; }
	@uv pip compile pyproject.toml --group dev $(LOCKS) $(UPGRADE) -o requirements/dev.lock
	@uv pip compile pyproject.toml --group build -c requirements/dev.lock $(LOCKS) $(UPGRADE) -o requirements/run.lock

clean: ## take away everything that make made
	@rm -rf .venv .venv-* dist .benchmarks .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
