# `make lab` for students, `make test` for instructors; each sets up .venv by itself.

PYTHON ?= .venv/bin/python
NOTEBOOKS := $(wildcard notebooks/$(or $(ONLY),*).ipynb notebooks/homework/$(or $(ONLY),*).ipynb)
CNNLAB = $(PYTHON) -m cnnlab.command.cli
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help lab test unit nbval slow nbgrader lint notebooks results bench mutants e2e site wheelhouse lock

help:  ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

# SYSTEM_PYTHON names what makes .venv; without it the first on the path that TensorFlow is built for.
.venv/.ready: requirements.lock pyproject.toml
	@python=$$(sh tools/choose_python.sh "$(SYSTEM_PYTHON)") && "$$python" -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $@

# Any other PYTHON brings its own environment.
READY := $(if $(filter .venv/bin/python,$(PYTHON)),.venv/.ready)

lab: $(READY)  ## open the lessons in JupyterLab (your copies in work/)
	$(CNNLAB) lab

test: unit nbval  ## unit tests, doctests, every notebook compared strictly

unit: $(READY)
	$(PYTHON) -m pytest -m "not slow" -n $(WORKERS) --dist loadscope

nbval: $(READY)
	$(CNNLAB) compare --workers $(WORKERS) $(if $(REPORT),--junit $(REPORT)) $(if $(SUMMARY),--summary $(SUMMARY)) $(NOTEBOOKS)

slow: $(READY)  ## the tests that take minutes (full data: set CNNLAB_TEST_DATA); ONLY=mnist for some
	$(PYTHON) -m pytest -m slow $(if $(ONLY),-k $(ONLY))

# Beside .venv, not in it: there it would bring its servers and menus into everybody's JupyterLab.
build/nbgrader/.ready: tests/nbgrader.lock
	rm -rf build/nbgrader
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --target build/nbgrader -r tests/nbgrader.lock
	touch $@

nbgrader: $(READY) build/nbgrader/.ready  ## a small class graded by nbgrader itself, which is installed for it
	PYTHONPATH=$(CURDIR)/build/nbgrader$${PYTHONPATH:+:$$PYTHONPATH} $(PYTHON) -m pytest tests/test_in_nbgrader.py

lint: $(READY)  ## ruff over code and notebooks
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

notebooks: $(READY)  ## run the notebooks in the pinned setting and store their outputs; ONLY=05_lenet for one
	$(CNNLAB) store $(NOTEBOOKS)

results: $(READY)  ## measure the tables of data/results again (an hour; full MNIST: cnnlab fetch mnist); ONLY=shifts for one
	@status=0; for file in tools/measure_$(or $(ONLY),*).py; do $(PYTHON) $$file || status=1; done; exit $$status

bench: $(READY)  ## timings as ratios against a peer
	@status=0; for file in tests/benchmarks/bench_*.py; do $(PYTHON) $$file || status=1; done; exit $$status

mutants: $(READY)  ## do the tests notice single faults? MODULES="sizes pooling" for some
	$(PYTHON) tests/mutants.py $(MODULES)

e2e: $(READY)  ## lessons in a real JupyterLab (chromium on PATH)
	$(PYTHON) -m pytest tests/e2e $(if $(ONLY),-k $(ONLY))

.venv/.site: .venv/.ready docs/requirements.lock
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r docs/requirements.lock
	touch $@

site: $(READY) $(READY:.ready=.site)  ## the web site, in site/, looked at in chromium
	rm -rf build/site
	$(PYTHON) tools/site_sources.py build/site/pages
	$(PYTHON) tools/site_live.py build/site/pages
	env $$(cat cnnlab/comparing/pinned.env) $(PYTHON) -m sphinx -W --keep-going --quiet -b html -d build/site/doctrees build/site/pages build/site/html
	rm -rf site && mv build/site/html site
	$(PYTHON) -m pytest tests/e2e/test_site.py tests/e2e/test_live.py

wheelhouse: $(READY)  ## a folder from which a classroom with this system and Python installs without internet
	$(PYTHON) -m pip download --quiet --disable-pip-version-check --only-binary :all: --no-deps --require-hashes -r requirements.lock --dest wheelhouse
	$(PYTHON) -m hatchling build --target wheel --directory $(CURDIR)/wheelhouse

COMPILE := uv pip compile --universal --generate-hashes --python-version 3.11 --no-annotate --no-strip-extras --quiet --custom-compile-command "make lock"
lock:  ## compile the three lock files (needs uv)
	$(COMPILE) --extra dev -o requirements.lock pyproject.toml
	$(COMPILE) --extra site --constraint requirements.lock -o docs/requirements.lock pyproject.toml
	$(COMPILE) --no-deps --constraint requirements.lock -o tests/nbgrader.lock tests/nbgrader.in
