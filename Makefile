# Everything starts here: `make demo`, `make test`. A second run installs nothing again.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

# tests start hundreds of processes: what they import is compiled once
unexport PYTHONDONTWRITEBYTECODE

# two workers fill two cores; threads of matrix products would only wait for each other
test test-slow: export OMP_NUM_THREADS = 1

.PHONY: help setup demo check test test-slow notebooks vllm-cpu transformers-cpu servers bench clean

help:
	@echo "make demo       set up, run the main job, print the estimates, write runs/demo/report.html"
	@echo "make test       set up, run linters and tests"
	@echo "make test-slow  simulations, long runs, fault battery, real model servers"
	@echo "make notebooks  build analysis/notebooks/*.ipynb from their sources (.py)"
	@echo "make vllm-cpu, make transformers-cpu"
	@echo "                model servers without a GPU, each in an environment of its own"
	@echo "make bench      measure speed and coverage again (an hour)"

setup: $(READY)

$(READY): pyproject.toml constraints.txt scripts/setup scripts/browser
	@PYTHON=$(PYTHON) scripts/setup
	@scripts/browser
	@touch $(READY)

demo: setup
	@scripts/demo

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check
	$(BIN)/pytest -m "not slow" -n 2 --dist loadfile --no-loadscope-reorder

test-slow: setup servers
	$(BIN)/pytest -m slow -n 2 --dist loadgroup

notebooks: setup
	$(BIN)/python -m scripts.notebooks

vllm-cpu:
	@PYTHON=$(PYTHON) scripts/vllm-cpu

transformers-cpu:
	@PYTHON=$(PYTHON) scripts/transformers-cpu

# where they can't be installed, the tests that need them are skipped, and say so
servers:
	-@PYTHON=$(PYTHON) scripts/transformers-cpu
	-@PYTHON=$(PYTHON) scripts/vllm-cpu

bench: setup
	$(BIN)/python -m benchmarks.choice
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.shop
	$(BIN)/python -m benchmarks.search
	$(BIN)/python -m benchmarks.coverage
	$(BIN)/python -m benchmarks.probabilities

clean:
	rm -rf .venv .venv-vllm .venv-transformers runs
