# The whole life of a checkout. Needs git, make and Python 3.11 or newer; nothing leaves the folder.

export UV_PYTHON_DOWNLOADS := never
export UV_CUSTOM_COMPILE_COMMAND := make lock
# Some images set it: every process would compile Dagster anew, which doubles its start.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
INSTALLED := .venv/installed
DG_HOME := .callhouse/dg
PEERS := .venv-bench/installed
DBT := .venv-dbt/installed
OWN_UV := .tools/bin/uv
UV_VERSION := 0.13.9
UV := $(if $(shell command -v uv),uv,$(OWN_UV))
PYTHON = $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo "$$python"; break; }; done)
REQUIRE_PYTHON = test -n "$(PYTHON)" || { \
	echo "Callhouse needs Python 3.11 or newer. Install it, then run make again." >&2; exit 1; }

.PHONY: help install up demo test test-system test-long coverage bench lint format lock generate

help:
	@echo "make up         run Callhouse at http://127.0.0.1:3000 (another port: make up PORT=3001)"
	@echo "make demo       one pass over the stand-in vendors; prints what landed"
	@echo "make test       the test suite, in less than five minutes (make test-system: Dagster's runs,"
	@echo "                the UI in a browser, commands, workers, whole histories; make test-long: what takes minutes)"
	@echo "make coverage   the first two with coverage"
	@echo "make lint       format, lint, types, import contracts, definitions (make format: mends what can be mended)"
	@echo "make bench      the measurements behind the figures in the docs"
	@echo "make generate   what is generated: the docs' tables, dbt's sources"
	@echo "make lock       requirements.lock anew, from pyproject.toml"

install: $(INSTALLED)

# `up` ends when make does, even if make is killed.
up: export CALLHOUSE_END_WITH_PARENT := 1
up: $(INSTALLED)
	@$(BIN)/callhouse up $(if $(PORT),--port $(PORT))

demo: $(INSTALLED)
	@$(BIN)/callhouse demo

# Many tests wait: four workers for two cores. They take tests from each other as they run out of their
# own, so that what a file's tests share is made once.
PYTEST = $(BIN)/python -m pytest --dist worksteal
WORKERS := 4
SYSTEM := tests/e2e tests/workers tests/model tests/analysts tests/db/dagster

test: $(INSTALLED)
	$(PYTEST) -n $(WORKERS) $(addprefix --ignore=,$(SYSTEM)) $(MEASURE)

# One worker a core: their processes take the cores by themselves, and a browser waits for pages.
test-system: $(INSTALLED)
	$(PYTEST) -n 2 $(SYSTEM)

coverage: MEASURE := --cov
coverage: SYSTEM :=
coverage: WORKERS := 2
coverage: test

test-long: $(INSTALLED)
	@$(MAKE) --no-print-directory $(DBT) || echo "dbt can't be installed here: testing without it." >&2
	$(BIN)/python -m pytest -m long --timeout=1800

# Peers that can't be installed are left out, and the tables say so. A part of it, or a million
# dialogs: make bench ARGS="--only idle", make bench ARGS=--full
bench: $(INSTALLED)
	@$(MAKE) --no-print-directory $(PEERS) \
		|| echo "The peers can't be installed here: measuring without them." >&2
	$(BIN)/python -m bench $(ARGS)

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@mkdir -p $(DG_HOME) && echo 'telemetry: {enabled: false}' > $(DG_HOME)/dagster.yaml
	DAGSTER_HOME="$(CURDIR)/$(DG_HOME)" $(BIN)/dg check defs

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: $(INSTALLED)
	$(BIN)/python -m sql.describe
	$(BIN)/python -m pipelines.vendor_tables
	$(BIN)/python -m sql.dbt

lock: $(filter $(OWN_UV),$(UV))
	$(UV) pip compile pyproject.toml --extra s3 --group dev --universal --generate-hashes --quiet \
		--no-emit-index-url --no-emit-find-links -o requirements.lock
	$(UV) pip compile pyproject.toml --extra s3 --universal --generate-hashes --quiet \
		--constraint requirements.lock --no-emit-index-url --no-emit-find-links \
		-o deploy/requirements.lock
	$(UV) pip compile --group build --universal --generate-hashes --quiet \
		--constraint requirements.lock --no-emit-index-url --no-emit-find-links -o deploy/build.lock
	$(UV) pip compile --group bench --universal --generate-hashes --quiet \
		--no-emit-index-url --no-emit-find-links -o bench/requirements.lock
	$(UV) pip compile --group dbt --universal --generate-hashes --quiet \
		--no-emit-index-url --no-emit-find-links -o tests/analysts/dbt.lock

$(INSTALLED): requirements.lock pyproject.toml | $(filter $(OWN_UV),$(UV))
	@$(REQUIRE_PYTHON)
	@$(BIN)/python -c '' 2>/dev/null || { rm -rf .venv; $(UV) venv --python "$(PYTHON)" .venv; }
	$(UV) pip sync --python .venv --require-hashes requirements.lock
	$(UV) pip install --python .venv --no-deps --no-build-isolation --editable .
	@touch $@

$(PEERS): bench/requirements.lock | $(filter $(OWN_UV),$(UV))
	@$(REQUIRE_PYTHON)
	@rm -rf .venv-bench
	$(UV) venv --python "$(PYTHON)" .venv-bench
	$(UV) pip sync --python .venv-bench --require-hashes bench/requirements.lock
	@touch $@

$(DBT): tests/analysts/dbt.lock | $(filter $(OWN_UV),$(UV))
	@$(REQUIRE_PYTHON)
	@rm -rf .venv-dbt
	$(UV) venv --python "$(PYTHON)" .venv-dbt
	$(UV) pip sync --python .venv-dbt --require-hashes tests/analysts/dbt.lock
	@touch $@

# Where Debian's venv comes without pip, pip itself may be there.
$(OWN_UV):
	@$(REQUIRE_PYTHON)
	@rm -rf .tools
	@{ $(PYTHON) -m venv .tools && .tools/bin/python -m pip install --quiet uv==$(UV_VERSION); } >/dev/null 2>&1 \
		|| $(PYTHON) -m pip install --quiet --upgrade --target .tools uv==$(UV_VERSION) \
		|| { echo "Can't install uv: install it, or Python's venv and pip (Debian: apt-get install" \
			"python3-venv), then run make again." >&2; exit 1; }
