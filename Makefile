# Every target works from a fresh clone: what it needs is set up first, in .venv, from the lock files.
# PYTHON=/path/to/python chooses the interpreter; ARGS="..." reaches pytest.

PYTHON ?=
export PYTHON
JOBS ?= 2
ARGS ?=
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint schemas lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: ## set up .venv with everything needed to work on the project
	@tools/setup dev

demo: ## the whole flow on a shipped example, offline and without a key; writes a PDF report to out/
	@tools/setup runtime
	@$(BIN)/insider-audit demo --output out/

test: ## run the tests (JOBS=2 at a time; ARGS="tests/statistics -x" goes to pytest)
	@tools/setup dev
	@$(BIN)/pytest -n $(JOBS) --dist loadfile $(ARGS)

lint: ## ruff, mypy and the import rules
	@tools/setup dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

schemas: ## write the JSON Schemas from the models
	@tools/setup runtime
	@$(BIN)/python -m audit.schemas schemas

# Pins that still fit are kept; `make lock ARGS=--upgrade` takes the newest ones.
COMPILE = pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" $(ARGS)
lock: ## write the lock files from pyproject.toml
	@python=$$(tools/find-python) && uv=$$(tools/find-uv "$$python") && \
	"$$uv" $(COMPILE) pyproject.toml --group build -o requirements.lock && \
	"$$uv" $(COMPILE) pyproject.toml --group build --group dev -c requirements.lock -o requirements-dev.lock && \
	echo uv | "$$uv" $(COMPILE) --no-annotate - -o requirements-uv.lock

clean: ## remove the environments, the caches and out/
	rm -rf .venv .venv-uv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist out
	find audit tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
