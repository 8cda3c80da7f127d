# Every door of the project. `make demo` and `make test` do their own set-up; nothing else is needed before them.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PY      := .venv/bin/python
SYNCED  := .venv/.synced
PERSONS ?= 2000
SEED    ?= 7
OUT     ?= var/province-$(PERSONS)
ARGS    ?=
ROOMS   := core expectations connectors warehouse pipeline dags portal sandbox tests benchmarks

.PHONY: help setup lock demo stop test test-demo check fix bench bench-ingest bench-identity bench-handoffs bench-benefits faults sandbox-data documents templates

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: $(SYNCED) ## .venv with exactly the packages of requirements.lock

# A Python that can make an environment: PYTHON=... wins, else the first of these that really runs and is new enough.
$(SYNCED): requirements.lock requirements.bootstrap
	@found=""; \
	for candidate in $(PYTHON) python3.11 python3.12 python3.13 python3; do \
	  if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found="$$candidate"; break; fi; \
	done; \
	if [ ! -x $(PY) ]; then \
	  if [ -z "$$found" ]; then \
	    echo "No Python 3.11 or newer with the venv module was found. On Debian or Ubuntu: apt-get install python3 python3-venv;"; \
	    echo "or name one: make setup PYTHON=/path/to/python3.12"; exit 1; \
	  fi; \
	  echo "Making .venv with $$found"; "$$found" -m venv .venv; \
	fi
	@echo "Installing the packages of requirements.lock (about a gigabyte; a minute or two the first time)"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.bootstrap
	@# uv does not read pip's configuration: a mirror that is set there is handed on.
	@mirror="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$($(PY) -m pip config get global.index-url 2>/dev/null || true)}}"; \
	if [ -n "$$mirror" ]; then export UV_DEFAULT_INDEX="$$mirror"; fi; \
	.venv/bin/uv pip sync --quiet --system-certs --python $(PY) --require-hashes --compile-bytecode requirements.lock
	@touch $(SYNCED)

lock: $(SYNCED) ## resolve requirements.in into requirements.lock, with hashes
	@.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url \
	  --custom-compile-command "make lock" -o requirements.lock requirements.in
	@! grep -nE 'https?://|--(extra-)?index-url|--find-links' requirements.lock

demo: $(SYNCED) ## the fictional province through Airflow to the published list; prints addresses and a summary
	@$(PY) -m sandbox demo $(ARGS)

stop: ## stop what `make demo` started; nothing is lost
	@if [ -x $(PY) ]; then $(PY) -m sandbox stop; else echo "Nothing to stop: there is no .venv."; fi

test: $(SYNCED) ## every test but the slow ones (under 15 minutes on two cores)
	@$(PY) -m pytest -m "not slow" -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(SYNCED) ## format, lint, types, import contracts; changes nothing
	@status=0; \
	.venv/bin/ruff format --check --output-format concise $(ROOMS) || status=1; \
	.venv/bin/ruff check --output-format concise $(ROOMS) || status=1; \
	.venv/bin/mypy || status=1; \
	.venv/bin/lint-imports --no-cache --no-logo || status=1; \
	exit $$status

fix: $(SYNCED) ## format and repair what ruff can; the only target that writes to the source
	@.venv/bin/ruff check --fix $(ROOMS) || true
	@.venv/bin/ruff format $(ROOMS)

bench: bench-ingest bench-identity bench-handoffs bench-benefits ## every benchmark; prints each figure beside its peer or limit

bench-ingest: $(SYNCED) ## one million insurance rows, file to published staging, beside pandas and bare COPY
	@$(PY) -m benchmarks.ingest $(ARGS)

bench-identity: $(SYNCED) ## linking 10,000 to 1,000,000 persons: ours, Splink 5, exact number, on the same records
	@$(PY) -m benchmarks.identity $(ARGS)

bench-benefits: $(SYNCED) ## all benefits and household flags of 10,000 to 1,000,000 households, beside OpenFisca-core's dibao
	@$(PY) -m benchmarks.benefits $(ARGS)

bench-handoffs: $(SYNCED) ## working out 100,000 handoffs and those of a night; signed notices a second; from push to flag
	@$(PY) -m benchmarks.handoffs $(ARGS)
	@$(PY) -m benchmarks.handoffs.intake
	@$(PY) -m benchmarks.handoffs.push_to_flag

faults: $(SYNCED) ## kill at every point, hang and garbage, random fortnights of linking: all of it, slow ones too
	@$(PY) -m pytest tests/faults $(ARGS)
	@$(PY) -m pytest -m slow tests/database $(ARGS)

test-demo: $(SYNCED) ## the demo through a whole Airflow, as a test (minutes)
	@$(PY) -m pytest -m slow tests/journeys $(ARGS)

sandbox-data: $(SYNCED) ## a fictional province as a directory: PERSONS=2000 SEED=... OUT=...
	@$(PY) -m sandbox generate $(OUT) --persons $(PERSONS) --seed $(SEED) $(ARGS)

documents: $(SYNCED) ## docs/providers/*.md from the agreement
	@$(PY) -m expectations documents

templates: $(SYNCED) ## the upload templates (CSV and XLSX) from the agreement, into var/templates
	@$(PY) -m expectations templates
