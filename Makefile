# Everything is set up by the first command you type; only Python >= 3.11, make and a C library are needed.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo demo-inspect serve test lint types contract unit lock audit clean
.DEFAULT_GOAL := demo

demo: .venv/installed
	$(BIN)/vnest demo

# The demo with parts under a simulated scanner: installs the extra inspect, and compiles for a minute the first time.
demo-inspect: .venv/installed-inspect
	$(BIN)/vnest demo

# Opens the base in a browser on http://127.0.0.1:8000; the first start prints the admin's one-time password.
serve: .venv/installed-web
	$(BIN)/vnest serve

test: lint types contract unit

lint: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/deptry src

types: .venv/installed-test
	$(BIN)/pyright

contract: .venv/installed-test
	$(BIN)/lint-imports --no-cache

unit: .venv/installed-test
	$(BIN)/pytest -n 2 --cov --cov-report=term

# --require-hashes is implied: every line of the lock files carries its hashes, and together they are all that is needed.
.venv/installed: requirements/base.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Vehicle Nest needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Say which to use: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements/base.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/installed-web: requirements/web.txt .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements/web.txt
	touch $@

.venv/installed-inspect: requirements/inspect.txt .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements/inspect.txt
	touch $@

.venv/installed-test: requirements/test.txt .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements/test.txt
	touch $@

# Renews the lock files from pyproject.toml: newest releases that fit, every platform and Python >= 3.11.
lock:
	$(PYTHON) -m venv .venv-lock && .venv-lock/bin/python -m pip install --quiet uv
	sh requirements/lock.sh .venv-lock/bin/uv
	rm -rf .venv-lock

# Holds every library that is locked against the published advisories (pip-audit); asks the network.
audit:
	$(PYTHON) -m venv .venv-audit && .venv-audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	.venv-audit/bin/pip-audit --disable-pip --no-deps -r requirements/web.txt
	.venv-audit/bin/pip-audit --disable-pip --no-deps -r requirements/inspect.txt
	rm -rf .venv-audit

clean:
	rm -rf .venv .venv-lock .venv-audit demo-out .pytest_cache .ruff_cache .coverage .coverage.* dist build
