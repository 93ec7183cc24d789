# Everything starts here: needs make, a CPython from 3.10 to 3.14 and a package index, and makes the rest itself.

PYTHON ?= python3
SIZE ?= small
PYTEST_ARGS ?=
SANDBOX_ARGS ?= --size $(SIZE)
BENCH_ARGS ?=
# A file's tests share what is dear to set up, so they stay together.
SIDE_BY_SIDE := --numprocesses=logical --maxprocesses=8 --dist=loadfile --no-loadscope-reorder

TOOLS := .cache/tools
UV := $(TOOLS)/bin/uv
DEV := .venv/bin
DEMO := .venv-demo/bin
BENCH := .venv-bench/bin

# An active virtual environment or a path of the caller's must not leak into ours; without compiled modules each of
# the tests' many programs would compile a thousand of them anew.
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE
export UV_PYTHON_DOWNLOADS := never
# A company's proxy may sign with a certificate that the system knows and uv's own list does not.
ifneq ($(wildcard /etc/ssl/cert.pem /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt),)
export UV_SYSTEM_CERTS ?= 1
endif
# A user without a home (a container that runs as some uid) has no place for the caches of uv and Matplotlib.
ifeq ($(shell test -w "$$HOME" && echo yes),)
export UV_CACHE_DIR ?= $(CURDIR)/.cache/uv
export MPLCONFIGDIR ?= $(CURDIR)/.cache/matplotlib
endif

comma := ,
no_python := no CPython from 3.10 to 3.14 found: install one (such as python3.12 with python3.12-venv) or name it with PYTHON=/path/to/python
no_demo_python := PyAirbyte needs CPython 3.10$(comma) 3.11 or 3.12: install one (such as python3.12 with python3.12-venv) or name it with PYTHON=/path/to/python3.12

# Shell code: sets `python` to the first candidate of $(1) that is a CPython from 3.10 up to and without $(2), or stops
# with the advice $(3). Each candidate is run, since a version manager's stub may exist for a Python that is not there.
define find_python
python=; \
for candidate in $(1); do \
  python=$$("$$candidate" -c 'import sys; (3, 10) <= sys.version_info < $(2) and sys.implementation.name == "cpython" \
    and print(sys._base_executable)' 2>/dev/null) && [ -n "$$python" ] && break; \
done; \
if [ -z "$$python" ]; then echo "make: $(3)" >&2; exit 1; fi
endef

# The programs of an environment hold its path: each .ready tells where its environment was made and with which PYTHON.
# FORCE where that is not here (a clone that was moved or copied), where the Python is gone, or where another is asked for.
stale = $(shell { read -r place && read -r python; } 2>/dev/null <$(1)/.ready && [ "$$place" = "$$(pwd -P)" ] && \
  [ -x $(1)/bin/python ] && { [ '$(origin PYTHON)' = file ] || [ "$$python" = '$(PYTHON)' ]; } || echo FORCE)

# Shell code: makes the environment of the target with the Python that was found; $(1) are the options of uv.
define environment
{ [ -z '$(call stale,$(@D))' ] || rm -rf $(@D); } && \
UV_PROJECT_ENVIRONMENT=$(@D) $(UV) sync --frozen $(1) --python "$$python" && { pwd -P; echo '$(PYTHON)'; } >$@
endef

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SECONDEXPANSION:
.PHONY: help demo sync verify report meltano sandbox check test test-long image-test bench dist audit lint format generate portable FORCE

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do \
	  printf '  make %-10s %s\n' "$$name" "$$text"; done

demo: .venv-demo/.ready ## both sources from the sandbox into DuckDB, twice, with models and a report (SIZE=company: more data)
	@$(DEMO)/python -m demo --size $(SIZE)

sync: .venv-demo/.ready ## a source into output/SOURCE.duckdb: SOURCE=talentio CONFIG=secrets/talentio.json
	@$(DEMO)/python -m demo.sync --source '$(SOURCE)' --config '$(CONFIG)'

verify: .venv/.ready ## what a real account shows of the facts relied on, by 20 requests: SOURCE=talentio CONFIG=secrets/talentio.json
	@$(DEV)/python -m verify --source '$(SOURCE)' --config '$(CONFIG)'

report: .venv-demo/.ready ## models and a report of what `make sync` wrote: DUCKDB=output/talentio.duckdb
	@$(DEMO)/python -m demo.own_report --duckdb '$(DUCKDB)'

meltano: .venv/.ready ## both taps from the sandbox into DuckDB and JSON lines, run by Meltano (SIZE=company: more data)
	@$(DEV)/python -m demo.meltano --size $(SIZE)

sandbox: .venv/.ready ## both APIs on this machine, with made-up people (SIZE=company, SANDBOX_ARGS=--help: all options)
	@$(DEV)/python -m sandbox $(SANDBOX_ARGS)

check: lint ## lint, then the quick unit tests: a minute, for whoever is at work on the code
	$(DEV)/python -m pytest unit_tests -m 'not slow' $(SIDE_BY_SIDE) $(PYTEST_ARGS)

test: lint ## lint, then all tests (PYTEST_ARGS='-k name': some of them)
	$(DEV)/python -m pytest -m 'not long' $(SIDE_BY_SIDE) $(PYTEST_ARGS)

test-long: .venv/.ready ## random tests with new examples: 5,000 histories that may lose records, odd values; and all manifest lines
	HYPOTHESIS_PROFILE=long CONSISTENCY_RUNS=5000 $(DEV)/python -m pytest unit_tests/consistency \
	  unit_tests/test_manifest_lines.py $$(grep -rl --include='*.py' '@given' unit_tests/connector_kit) --timeout=0 \
	  $(PYTEST_ARGS) || [ $$? = 5 ] # `-k` may choose nothing of this half
	$(DEV)/python -m pytest -m long $(PYTEST_ARGS) || [ $$? = 5 ]

image-test: .venv/.ready ## builds the image of each source and runs it as Airbyte does, if docker, podman or buildah is here
	$(DEV)/python -m pytest integration_tests/image_suite.py -rs $(PYTEST_ARGS)

bench: .venv-bench/.ready ## what a sync costs beside other ways; half an hour (BENCH_ARGS='--quick --repeats 1 --only list': less)
	@$(BENCH)/python -m benchmarks.bench $(BENCH_ARGS)

dist: $(UV) ## sdist and wheel in dist/, checked as a package index would
	@rm -rf dist && $(UV) build --quiet && $(UV) tool run --quiet 'twine>=6,<7' check --strict dist/*.whl dist/*.tar.gz

audit: $(UV) ## known holes in the locked dependencies (asks public lists over the network)
	@mkdir -p .cache
	@$(UV) export --quiet --frozen --all-extras --no-default-groups --no-emit-project --format requirements-txt --output-file .cache/locked.txt
	@$(UV) tool run --quiet 'pip-audit>=2.7,<3' --strict --disable-pip --require-hashes --requirement .cache/locked.txt

lint: .venv/.ready ## style, types, imports and declared dependencies
	$(DEV)/ruff check .
	$(DEV)/ruff format --check .
	$(DEV)/mypy
	$(DEV)/lint-imports --no-cache
	$(DEV)/deptry connector_kit source_talentics source_talentio

format: .venv/.ready ## bring the code into the project's style
	$(DEV)/ruff check --fix .
	$(DEV)/ruff format .

generate: .venv/.ready ## write the committed files that are made from others: docs/personal-data.md, staging models, plugins/, portable/
	$(DEV)/python -m tools

portable: .venv/.ready ## write portable/: the manifests for Airbyte's Connector Builder
	@$(DEV)/python -m tools portable

$(UV):
	@$(call find_python,$(PYTHON) python3.14 python3.13 python3.12 python3.11 python3.10,(3$(comma) 15),$(no_python)); \
	echo "Setting up uv with $$python"; \
	"$$python" -m venv --clear $(TOOLS) && $(TOOLS)/bin/python -m pip install --quiet 'uv>=0.9,<1'

.venv/.ready: uv.lock pyproject.toml $$(call stale,.venv) | $(UV)
	@$(call find_python,$(PYTHON) python3.14 python3.13 python3.12 python3.11 python3.10,(3$(comma) 15),$(no_python)); \
	$(call environment,--all-extras)

.venv-demo/.ready: uv.lock pyproject.toml $$(call stale,.venv-demo) | $(UV)
	@$(call find_python,$(PYTHON) python3.12 python3.11 python3.10,(3$(comma) 13),$(no_demo_python)); \
	$(call environment,--no-default-groups --group demo)

.venv-bench/.ready: uv.lock pyproject.toml $$(call stale,.venv-bench) | $(UV)
	@$(call find_python,$(PYTHON) python3.14 python3.13 python3.12 python3.11 python3.10,(3$(comma) 15),$(no_python)); \
	$(call environment,--no-default-groups --group bench --extra singer)
