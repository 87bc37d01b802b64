# Two commands matter: `make demo` and `make test`. Both set up .venv and touch nothing else.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
# The lock is complete, so pip need not resolve anything: --no-deps, every file checked by hash.
LOCKED := $(PIP) --require-hashes -r requirements

export SAM_CLI_TELEMETRY := 0
# Images of containers often set this variable. Without bytecode, every process compiles every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test quick static lint types format ruff imports cfn generated site audit tests unit bench faults outcomes docs wheel lock clean help

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 10

demo: .venv/local.done  ## the main job, on the local cloud: four releases and a rollback
	@$(BIN)/switchover local demo

test: .venv/test.done  ## everything that CI checks: static checks and tests
	@$(MAKE) --no-print-directory -j2 tests static

quick: .venv/test.done  ## the inner loop: static checks without the audit, unit tests without the long ones (a minute)
	@$(MAKE) --no-print-directory -j2 unit lint

static: lint audit site

# Each check prints its output at once, as the tests run at the same time.
lint: .venv/test.done
	@$(MAKE) --no-print-directory --output-sync=target types format ruff imports cfn generated

types: .venv/test.done
	@$(BIN)/mypy layers/core/switchover layers/core/builder functions cli/switchover_cli localcloud/switchover_local

format: .venv/test.done
	@$(BIN)/ruff format --check .

ruff: .venv/test.done
	@$(BIN)/ruff check .
	@$(BIN)/ruff check --select C901 --config 'lint.mccabe.max-complexity=8' functions layers/core cli localcloud

imports: .venv/test.done
	@$(BIN)/lint-imports --no-logo

cfn: .venv/test.done
	@$(BIN)/cfn-lint template.yaml

generated: .venv/test.done
	@$(BIN)/python docs/generate.py --check

site: .venv/docs.done  ## the documentation site, in .local/site/html; a link that leads nowhere fails
	@$(BIN)/python -m docs.site

audit: .venv/test.done .venv-audit/audit.done  ## findings of checkov and Policy Sentry in the template and in docs/iam
	@$(BIN)/python -m tests.audit.translated .local/audit/template.json
	@.venv-audit/bin/python -m tests.audit .local/audit/template.json

# Four workers on two cores: workers with a deployed cloud mostly wait.
tests: .venv/test.done .venv/asl.done
	@$(BIN)/pytest -q -n 4 --no-loadscope-reorder

UNIT := $(addprefix tests/,domain checkpoint explain aws steps cli project)

unit: .venv/test.done .venv/asl.done
	@$(BIN)/pytest -q -n 2 -m "not long" $(UNIT)

bench: .venv/test.done  ## the twin, waiting and its cost, checks, uploads, cold starts, commands, growth, a soak: figures beside peers
	$(BIN)/python -m benchmarks.twin
	$(BIN)/python -m benchmarks.waiting
	$(BIN)/python -m benchmarks.cost
	$(BIN)/python -m benchmarks.checkpoint
	$(BIN)/python -m benchmarks.upload
	$(BIN)/python -m benchmarks.release_size
	$(BIN)/python -m benchmarks.coldstart
	$(BIN)/python -m benchmarks.commands
	$(BIN)/python -m benchmarks.growth
	$(BIN)/python -m benchmarks.soak

faults: .venv/test.done  ## inject faults (failed and late calls, storms, stops, deletions, pairs); show how each update ended (15 minutes)
	$(BIN)/python -m tests.support.faults

outcomes: .venv/test.done  ## deployed: fourteen updates, every strategy and outcome; ten stops in mid-request (a quarter of an hour)
	$(BIN)/pytest -q tests/deployed/stack_outcomes.py tests/deployed/stack_late_acts.py

wheel: .venv/test.done  ## the commands as a wheel in dist/, for pipx or uv tool
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

docs: .venv/test.done .venv/docs.done  ## write the generated files (JSON Schemas, pictures, tables, the called operations), then the site
	$(BIN)/python docs/generate.py
	$(BIN)/python -m docs.recorded
	$(BIN)/python -m benchmarks.estimates
	$(BIN)/python -m tests.support.called_operations
	$(BIN)/python -m docs.site

lock:  ## pin every dependency anew (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate -q --extra test -o requirements/test.txt
	uv pip compile requirements/audit.in --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate -q -o requirements/audit.txt
	for group in people local docs; do \
	  uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header --no-annotate -q --extra $$group -c requirements/test.txt \
	    -o requirements/$$group.txt || exit 1; \
	done
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate -q -c requirements/test.txt -o layers/core/requirements.txt

clean:  ## remove everything that these commands made
	-[ -x $(BIN)/switchover ] && $(BIN)/switchover local down
	rm -rf .venv .venv-audit .aws-sam .local .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info build dist

.venv/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Switchover needs Python 3.11 or newer; $$($(PYTHON) --version) is on PATH as $(PYTHON)." \
	         "Say which to use: make PYTHON=/path/to/python3.13 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up .venv (two minutes, once)"
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/local.done: requirements/local.txt pyproject.toml | .venv/created
	@$(LOCKED)/local.txt
	@$(PIP) --no-build-isolation -e .
	@touch $@

.venv/test.done: requirements/test.txt pyproject.toml | .venv/created
	@$(LOCKED)/test.txt
	@$(PIP) --no-build-isolation -e .
	@touch $@

.venv/docs.done: requirements/docs.txt | .venv/created
	@$(LOCKED)/docs.txt
	@touch $@

# A reader of the state machine that needs node. Without node, its two tests are skipped.
.venv/asl.done: requirements/asl/package-lock.json | .venv/created
	@mkdir -p .venv/asl
	@cp requirements/asl/package*.json .venv/asl
	@npm ci --prefix .venv/asl --ignore-scripts --no-audit --no-fund --silent || \
	  echo "npm couldn't install asl-validator: the state machine is read without it"
	@touch $@

# checkov needs an older boto3 than the local cloud's engine, so the audit's tools have a separate environment.
.venv-audit/audit.done: requirements/audit.txt | .venv/created
	@echo "Setting up .venv-audit (a minute, once)"
	@$(PYTHON) -m venv .venv-audit
	@.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  --require-hashes -r requirements/audit.txt
	@touch $@
