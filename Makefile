# Bookstore. `make help` lists what there is.
# PYTHON may name another interpreter from 3.11 to 3.14.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
BIN := .venv/bin
UV := UV_PYTHON_DOWNLOADS=never $(BIN)/python -m uv
STAMP := .venv/.installed
SCRATCH := env -u DATABASE_URL BOOKSTORE_DATA=.cache/check
COMPILE := $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command 'make lock' --quiet pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help install run test test-wheel hostile check format races soak fuzz mutation sql wheel bench mails screenshots lighthouse lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

install: $(STAMP) ## Set up .venv with everything, from the hashed locks

$(STAMP): requirements/dev.txt pyproject.toml
	@$(or $(PYTHON),false) -c '$(FITS)' 2>/dev/null || \
		{ echo "Bookstore needs Python 3.11 to 3.14, and $(or $(PYTHON),no python3 on the PATH) is none; set PYTHON=/path/to/python3."; exit 1; }
	@$(BIN)/python -c '$(FITS)' 2>/dev/null || { rm -rf .venv && $(PYTHON) -m venv .venv; } || \
		{ echo "The venv module is missing; install it (Debian: apt-get install python3-venv) and try again."; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

run: $(STAMP) ## Start the shop with demo data on an embedded PostgreSQL
	@$(BIN)/bookstore serve --demo $(ARGS)

test: $(STAMP) ## Run the tests on a real PostgreSQL (TEST_DATABASE_URL, else embedded) and in Chromium
	@tests/chromium.sh
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --ignore tests/hostile --ignore tests/wheel $(ARGS)

test-wheel: $(STAMP) ## Build the wheel, install it elsewhere, and open the shop from it
	@$(BIN)/python -m pytest tests/wheel $(ARGS)

hostile: $(STAMP) ## Attacks on real servers, measured one at a time; schemathesis over the API
	@$(BIN)/python -m pytest tests/hostile $(ARGS)

check: $(STAMP) ## Lint, types, import rules, dependencies, migrations against models
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/deptry .
	@rm -rf .cache/check && $(SCRATCH) $(BIN)/bookstore migrate && $(SCRATCH) $(BIN)/alembic check && rm -rf .cache/check

format: $(STAMP) ## Format the code
	@$(BIN)/ruff check --fix --quiet . && $(BIN)/ruff format --quiet .

races: $(STAMP) ## Many rounds of the races on real server processes (RACE_ROUNDS=50)
	@RACE_ROUNDS=$(or $(RACE_ROUNDS),50) $(BIN)/python -m pytest tests/processes --timeout 3600 $(ARGS)

soak: $(STAMP) ## Mixed load with random kills, then every total must agree (SOAK_MINUTES=10, SOAK_SEED)
	@exec $(BIN)/python -m benchmarks.soak

fuzz: $(STAMP) ## Hostile requests to every page, form and operation (FUZZ_REQUESTS=20000, FUZZ_SEED)
	@FUZZ_REQUESTS=$(or $(FUZZ_REQUESTS),20000) $(BIN)/python -m pytest tests/fuzz $(ARGS)

mutation: $(STAMP) ## Mutation tests of checkout, payments, stock and transactions; about an hour
	@$(BIN)/python -m tests.mutation $(ARGS)

bench: $(STAMP) ## Measure all, each figure beside its limit; ARGS="--quick checkout" for a part
	@$(BIN)/python -m benchmarks $(ARGS)

sql: $(STAMP) ## Write app/core/db/sql and docs/triggers.md as the migrations leave functions and triggers
	@$(BIN)/python -m tests.schema.definitions

mails: $(STAMP) ## Write every mail with sample data to .cache/mails, as HTML and as pictures
	@$(BIN)/python -m tests.mail.preview .cache/mails

screenshots: $(STAMP) ## Write pictures of every page to .cache/screenshots, phone and desk, by day and by night
	@SCREENSHOTS=.cache/screenshots $(BIN)/python -m pytest tests/browser/screenshots.py $(ARGS)

lighthouse: $(STAMP) ## What Lighthouse says of home, shop, book and basket (needs Node with npx)
	@LIGHTHOUSE=.cache/lighthouse $(BIN)/python -m pytest tests/browser/lighthouse.py $(ARGS)

lock: $(STAMP) ## Lock the dependencies anew, with hashes and without hosts
	@$(COMPILE) --output-file requirements/run.txt
	@$(COMPILE) --group dev --output-file requirements/dev.txt

.PHONY: wheel
wheel: $(STAMP) ## Build the wheel and the source distribution into dist/
	@rm -rf dist && $(UV) build --quiet --no-build-isolation --python $(BIN)/python

clean: ## Remove .venv and caches; the data folder stays
	@rm -rf .venv .cache dist mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
