# Everything starts here: `make demo`, `make test`. A second run installs nothing again.
PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.ready

.PHONY: setup demo test test-slow check bench clean

setup: $(SETUP)

$(SETUP): pyproject.toml constraints.txt scripts/setup
	PYTHON=$(PYTHON) scripts/setup
	@touch $(SETUP)

demo: setup
	scripts/demo

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: setup check
	$(BIN)/pytest -m "not slow" -n 2

test-slow: setup
	$(BIN)/pytest -m slow

clean:
	rm -rf .venv runs
