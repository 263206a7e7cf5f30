# `make` alone lists what there is. Needs python3 (3.11 or newer), make and a network.

NOTEBOOK := notebooks/00-start-here.ipynb
JOBS ?= 2
LAB_ARGS ?=
PYTEST_ARGS ?=

# The first of these that is new enough.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

BIN := .venv/bin
READY := .venv/ready
READY_TEST := .venv/ready-test
PIP := $(BIN)/python -m pip --disable-pip-version-check -q install -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help lab test quick figures bench bench-ui lint browser pin clean
.DELETE_ON_ERROR:

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Without a display the address is printed; as root, Jupyter wants to be told that this is meant.
lab: $(READY) ## open JupyterLab on the first notebook (LAB_ARGS="--port 9000" and the like)
	@set --; \
	[ "$$(uname -s)" = Darwin ] || [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || set -- --no-browser; \
	[ "$$(id -u)" != 0 ] || set -- "$$@" --allow-root; \
	exec $(BIN)/jupyter lab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/$(NOTEBOOK) \
	  "$$@" $(LAB_ARGS)

test: $(READY_TEST) browser ## all tests (PYTEST_ARGS="-k replay" picks some)
	$(BIN)/pytest -n $(JOBS) $(PYTEST_ARGS)

quick: $(READY_TEST) ## the tests that need no browser and little time
	$(BIN)/pytest -n $(JOBS) -m "not (slow or browser or agreement)" $(PYTEST_ARGS)

figures: $(READY) ## draw the pictures in figures/ anew
	$(BIN)/python -m fpsimd_model.figures figures

bench: $(READY_TEST) ## measure speed, beside other simulators
	$(BIN)/python -m benchmarks

bench-ui: $(READY_TEST) browser ## measure slider to pixel in a headless browser
	$(BIN)/python -m benchmarks.bench_ui

lint: $(READY_TEST) ## check style, and put right what can be
	$(BIN)/ruff check --fix .

browser: $(READY_TEST) ## make sure that the tests have a Chromium
	@tools/browser.sh $(BIN)/playwright

pin: $(READY) ## take the newest versions into constraints.txt (run it with Python 3.11)
	$(BIN)/python tools/pin.py

clean: ## remove caches and build products, not the environment
	rm -rf build dist .pytest_cache .ruff_cache .hypothesis
	find . -path ./.venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
	find . -path ./.venv -prune -o -name .ipynb_checkpoints -type d -prune -exec rm -rf {} +

# `-m venv` also repairs an environment that was interrupted while being made.
$(READY): pyproject.toml constraints.txt
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed, and none was found." >&2; exit 1; }
	@echo "Setting up .venv: this takes a minute or two, once."
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv
	@$(PIP) pip hatchling editables
	@$(PIP) --no-build-isolation -e .
	@touch $@

$(READY_TEST): $(READY)
	@echo "Setting up .venv for tests."
	@$(PIP) --no-build-isolation -e '.[test,voila]'
	@touch $@
