# Everything a person does with this checkout. `make demo` and `make test` need nothing done before.

SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
WEB_SOURCES := $(shell git ls-files --cached --others --exclude-standard web 2>/dev/null)

.PHONY: help
help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- set-up: each part is made again only when what it is made from has changed -----------------------------------

.PHONY: install
install: $(VENV)/.installed web/out/.built $(VENV)/.chromium ## prepare everything, start nothing

$(VENV)/.installed: requirements/dev.lock pyproject.toml scripts/create-venv
	@scripts/create-venv $(VENV)
	@touch $@

web/node_modules/.installed: web/package.json web/package-lock.json
	@echo "→ Installing the dashboard's packages"
	@scripts/require-node
	@cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web/out/.built: web/node_modules/.installed $(WEB_SOURCES)
	@echo "→ Building the dashboard"
	@cd web && NEXT_TELEMETRY_DISABLED=1 npm run --silent build
	@touch $@

$(VENV)/.chromium: $(VENV)/.installed scripts/install-chromium
	@scripts/install-chromium $(VENV)
	@touch $@

.PHONY: docker
docker: # a Docker engine that the tests can start
	@scripts/install-docker

# --- the product ---------------------------------------------------------------------------------------------------

.PHONY: demo
demo: install ## start Rolldeck with the example tasks and a few rollouts of them
	@$(BIN)/rolldeck demo || test $$? = 130  # stopped with Ctrl-C

.PHONY: serve
serve: install ## start Rolldeck
	@$(BIN)/rolldeck serve || test $$? = 130

# --- checks --------------------------------------------------------------------------------------------------------

.PHONY: test
test: install lint test-web test-python ## every check and every test

.PHONY: lint
lint: install ## ruff, mypy, import-linter, web types and lint, generated client up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	cd web && npm run --silent typecheck && npm run --silent lint && npm run --silent api:check

.PHONY: test-web
test-web: install ## the dashboard's unit tests
	cd web && npm run --silent test

SHARING := tests/unit tests/contract $(addprefix tests/integration/,api browser environments metabase recorder)

.PHONY: test-python
test-python: install docker ## the unit, contract, integration, fault, security and browser tests
	$(BIN)/rolldeck env build superset
	@# What executes no rollouts in real applications shares the processors; the rest has them for itself.
	status=0; \
	$(BIN)/pytest -n 2 --dist loadfile $(SHARING) $(PYTEST_ARGS) || status=$$?; \
	$(BIN)/pytest $(addprefix --ignore=,$(SHARING)) $(PYTEST_ARGS) || status=$$?; \
	exit $$status

.PHONY: chaos
chaos: install docker ## the faults suite in full (SEED=n repeats a run): exits with 0 if nothing was lost
	$(BIN)/rolldeck env build superset
	@$(BIN)/python tests/faults/chaos $(if $(SEED),--seed $(SEED)) $(CHAOS_ARGS)

.PHONY: fmt
fmt: install ## format everything
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	cd web && npm run --silent fmt

.PHONY: bench
bench: install ## every benchmark, JSON into benchmarks/results
	@mkdir -p benchmarks/results
	$(BIN)/rolldeck env bench superset --count 8 --json | tee benchmarks/results/environments.json
	$(BIN)/python benchmarks/overhead.py | tee benchmarks/results/overhead.json
	$(BIN)/python benchmarks/steps.py | tee benchmarks/results/steps.json
	$(BIN)/python benchmarks/recorder.py | tee benchmarks/results/recorder.json
	$(BIN)/rolldeck env bench superset --count 256 --json | tee benchmarks/results/density.json
	$(BIN)/python benchmarks/pool.py | tee benchmarks/results/pool.json
	$(BIN)/python benchmarks/bookkeeping.py | tee benchmarks/results/bookkeeping.json
	$(BIN)/python benchmarks/claims.py | tee benchmarks/results/claims.json
	$(BIN)/python benchmarks/spawn.py | tee benchmarks/results/spawn.json
	$(BIN)/python benchmarks/growth.py | tee benchmarks/results/growth.json
	$(BIN)/python benchmarks/docker.py | tee benchmarks/results/docker.json
	$(BIN)/python benchmarks/storage.py | tee benchmarks/results/storage.json
	$(BIN)/python benchmarks/stream.py | tee benchmarks/results/stream.json
	$(BIN)/python benchmarks/export.py | tee benchmarks/results/export.json

.PHONY: schema
schema: $(VENV)/.installed ## publish the JSON Schemas of the task file and of the recipe file anew
	$(BIN)/python -c "import json; from rolldeck.domain.task_file import task_file_schema as schema; \
		print(json.dumps(schema(), indent=2, ensure_ascii=False))" > docs/tasks.schema.json
	$(BIN)/python -c "import json; from rolldeck.environments.recipes.file.reading import recipe_schema as schema; \
		print(json.dumps(schema(), indent=2, ensure_ascii=False))" > docs/recipe.schema.json

.PHONY: lock
lock: ## resolve the Python dependencies anew (hashed, without index hosts)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--output-file requirements/dev.lock --group dev pyproject.toml

.PHONY: clean
clean: ## remove what install made (the data and built templates stay)
	rm -rf $(VENV) web/node_modules web/.next web/out .mypy_cache .ruff_cache .pytest_cache
