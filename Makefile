# Everything a checkout needs, from Python and make alone. `make` alone tells what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

# Two workers more than cores, as long tests mostly wait (tests/lanes.py); six at most, as they share one Kafka.
WORKERS = $(shell $(BIN)/python -c "import os; print(min(6, 2 + (len(os.sched_getaffinity(0)) if hasattr(os, \"sched_getaffinity\") else os.cpu_count() or 1)))")

# Of the folders of tests, those whose tests mostly need nothing from outside.
FAST := codec intake ledger mail maintenance observe outbound policy providers provisioning

# Modules are compiled once, whatever the environment says: a start takes three times as long where each process compiles them anew.
unexport PYTHONDONTWRITEBYTECODE

# Those that send vendors something, or look at what a vendor answers.
CONTRACT := contracts providers mail preflight sandbox/simulators

.DEFAULT_GOAL := help
.PHONY: help install demo test test-fast contract prove simulate lint format chaos bench release-check sbom audit lock clean

help:
	@echo "make install          the command \`provisioner\`, in $(BIN): docs/first-school.md goes on from there"
	@echo "make demo [KEEP=1]    three institutions, 300 students and their school year, simulated vendors, in under a minute; KEEP=1 stays up"
	@echo "make test [ARGS=…]    what every change needs, on a Kafka, a PostgreSQL and a registry that it starts itself; ARGS go to pytest"
	@echo "make test-fast        the quick part of it, which needs none of these"
	@echo "make contract         what we send vendors and make of their answers, by their own descriptions, clients and lists of errors"
	@echo "make prove [PART=2/3] the rest: every chaos row in short form, 5,000 simulated runs, crash points, whole installations"
	@echo "make simulate         the whole service from 1,000 seeds (SEEDS=…), or from one (SEED=4711 ARGS=--trace), under a simulated clock"
	@echo "make lint             style, formatting, types, direction of imports"
	@echo "make format           bring the formatting in order"
	@echo "make chaos [ROWS=…]   faults on real parts, row by row; ROWS=1,5-9,kafka MINUTES=10 SEED=7; the table goes to docs/reliability.md"
	@echo "make bench [PEERS=1]  how fast it is; PEERS=1 runs the alternatives in turn"
	@echo "make release-check    the wheels, installed into an empty environment and run"
	@echo "make sbom             what the service is made of, as a CycloneDX bill of materials: .cache/sbom/provisioner.cdx.json"
	@echo "make audit            known vulnerabilities of what is locked; needs a network, as it looks them up at an advisory service"
	@echo "make lock             pin all dependencies anew (requirements*.lock)"
	@echo "make clean            remove the environment and what was downloaded"
	@echo "PYTHON=python3.12 make …  takes another Python for a new environment (3.11 or newer)"

install: $(VENV)/.sandbox
	@echo "Installed: $(BIN)/provisioner"

demo: $(VENV)/.sandbox
	$(BIN)/provisioner demo $(if $(KEEP),--keep) $(ARGS)

test: $(VENV)/.dev
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup --durations=10 -m "not prove" $(ARGS)

test-fast: $(VENV)/.dev
	$(BIN)/pytest -n 2 -m "not prove and not parts and not slow" $(addprefix tests/,$(FAST)) $(ARGS)

contract: $(VENV)/.dev
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup $(addprefix tests/,$(CONTRACT)) $(ARGS)

prove: $(VENV)/.dev
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup --durations=10 -m prove $(if $(PART),--part=$(PART)) $(ARGS)

simulate: $(VENV)/.dev
	$(BIN)/python -m proof.simulation --seed $(or $(SEED),0) --seeds $(or $(SEEDS),$(if $(SEED),1,1000)) $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m tests.style

format: $(VENV)/.dev
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

chaos: $(VENV)/.dev
	$(BIN)/python -m proof.chaos $(if $(ROWS),--rows "$(ROWS)") $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(ARGS)

bench: $(VENV)/.dev
	$(BIN)/python -m bench $(if $(PEERS),--peers) $(ARGS)

# What is released installs into an empty environment, and runs there.
release-check: $(VENV)/.dev
	rm -rf .cache/release
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir .cache/release . ./sandbox
	$(PYTHON) -m venv .cache/release/venv
	.cache/release/venv/bin/pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r requirements.lock
	.cache/release/venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-index --find-links .cache/release provisioner
	cd .cache/release && venv/bin/provisioner --version
	.cache/release/venv/bin/provisioner config check --no-secrets

# Of an environment that has what the image has: so it also says what needs what, and the licences that packages declare.
SBOM := .cache/sbom
sbom: $(VENV)/.dev
	rm -rf $(SBOM)
	$(BIN)/python -m venv --without-pip $(SBOM)/venv
	$(BIN)/python -m pip --python $(SBOM)/venv/bin/python install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r requirements.lock
	sed "s/^dynamic = .*/version = \"$$($(BIN)/python -c 'from consumer import __version__; print(__version__)')\"/" pyproject.toml > $(SBOM)/pyproject.toml
	$(BIN)/cyclonedx-py environment --pyproject $(SBOM)/pyproject.toml --mc-type application --output-reproducible --output-file $(SBOM)/provisioner.cdx.json $(SBOM)/venv

# Only hosted CI calls it: .ci/run has no network. An environment of its own, as nothing else needs these packages.
audit: | .cache/audit/bin/pip-audit
	.cache/audit/bin/pip-audit --require-hashes --disable-pip --requirement requirements-sandbox.lock --requirement requirements-build.lock

.cache/audit/bin/pip-audit:
	$(PYTHON) -m venv .cache/audit
	.cache/audit/bin/pip install --quiet --disable-pip-version-check "pip-audit>=2.9"

clean:
	rm -rf $(VENV) .cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "provisioner needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another one: make PYTHON=python3.12 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "This Python makes no environments; on Debian, install python3-venv." >&2; exit 1; }

# The locks are complete, so pip need not look for anything else (--no-deps); what is imported is compiled then (--no-compile).
$(VENV)/.sandbox $(VENV)/.dev: $(VENV)/.%: requirements-%.lock pyproject.toml sandbox/pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r $<
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . --editable sandbox
	touch $@

# Three sets, each within the next: the service (its image), the sandbox, development. And what builds the image; and the peers that
# `make bench PEERS=1` runs, apart from ours, since they pin what we do not. Hashes only: no lock names a registry.
UV := .cache/lock/bin/uv
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header

OURS := --no-emit-package provisioner --no-emit-package provisioner-sandbox

lock: | $(UV)
	echo "hatchling" | $(LOCK) pyproject.toml sandbox/pyproject.toml - $(OURS) --upgrade --extra msk --extra tracing --group dev --output-file requirements-dev.lock
	echo "hatchling" | $(LOCK) pyproject.toml sandbox/pyproject.toml - $(OURS) --constraint requirements-dev.lock --output-file requirements-sandbox.lock
	$(LOCK) pyproject.toml --constraint requirements-dev.lock --output-file requirements.lock
	echo "hatchling" | $(LOCK) - --constraint requirements-dev.lock --output-file requirements-build.lock
	$(LOCK) bench/peers/requirements.in --upgrade --only-binary faust-streaming --output-file bench/peers/requirements.lock

$(UV):
	$(PYTHON) -m venv .cache/lock
	.cache/lock/bin/pip install --quiet --disable-pip-version-check "uv>=0.11"
