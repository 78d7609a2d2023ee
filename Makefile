# Attention, put to the test. `make` alone lists what there is.
#
# Everything runs in a virtual environment of its own, .venv, made at the first call and again when the pins change.
# Works with GNU make 3.81 and later; the same steps without make are in README.md.

# The first Python on the PATH that is 3.11 or newer; or say which: make site PYTHON=/path/to/python3
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

BIN := .venv/bin
SITE := _build/html
BOOK := .venv/installed-for-the-book
TESTS := .venv/installed-for-the-tests
LITE_TOOLS := .venv/installed-for-jupyterlite
CONFORMITY := .venv-conformity/installed
MUTANTS := .venv/installed-for-mutants
PORT ?= 8000

define README_PICTURE
from pathlib import Path
from attncourse.drawing.canvas import to_png
from attncourse.figures.compute import pipeline
Path("book/readme.png").write_bytes(to_png(pipeline.frame()))
endef
export README_PICTURE

# A heading before each part of `make test`, with the time of day: what runs, and for how long already.
step = @printf '\n=== %s (%s) ===\n' "$(1)" "$$(date +%H:%M:%S)"

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help site serve lite pyodide lab translator notebooks test test-everywhere conformity mutants planted lint types unit nbval wheel browser format readme-picture constraints clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | while IFS='	' read -r name what; do printf 'make %-16s %s\n' "$$name" "$$what"; done

site: $(BOOK) $(if $(LITE),$(LITE_TOOLS)) ## build the site; a warning is an error; with JupyterLite: make site LITE=1
	$(BIN)/jupyter-book build . -W --keep-going
	@echo
	@echo "The site is in $(SITE): static files, for any web server. To read it here:"
	@echo
	@echo "    $(BIN)/python -m http.server -b 127.0.0.1 -d $(SITE) $(PORT)"
	@echo
	@echo "and open http://127.0.0.1:$(PORT)/"

serve: site ## build the site and serve it on this machine
	$(BIN)/python -m http.server -b 127.0.0.1 -d $(SITE) $(PORT)

pyodide: $(BOOK) ## fetch Python for the page into build/pyodide: then `make site PYODIDE_DIST=build/pyodide`
	$(BIN)/python -m attnbook.pyodide build/pyodide

lab: $(BOOK) ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab --notebook-dir=chapters

translator: $(BOOK) ## install a real translator (39 MB), which the appendix then asks about any sentence
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-translator.txt

notebooks: $(BOOK) ## run every notebook again and keep its outputs, ready to commit
	$(BIN)/python -m attnbook.execute chapters/*.ipynb appendix/*.ipynb

test: lint types unit nbval browser ## every check; `make -k test` goes on after the first that fails
	@echo
	@echo "Every check passed: style, types, unit tests, notebooks, wheel, site and browser."

test-everywhere: $(TESTS) ## unit tests and notebooks with other kernels, threads, NumPys and Pythons; ONLY=word chooses
	$(BIN)/python -m tests.everywhere $(ONLY)

conformity: $(CONFORMITY) ## compare with ONNX, PyTorch, JAX and Keras again, in an environment of its own
	.venv-conformity/bin/python -m conformity.onnx
	.venv-conformity/bin/python -m conformity.torch_samples
	.venv-conformity/bin/python -m conformity.libraries
	.venv-conformity/bin/python -m conformity.errors

mutants: $(MUTANTS) ## change attnlib in some 9,000 small ways, and list what no test notices; ONLY="softmax masks" chooses modules
	nice $(BIN)/python -m tests.mutants $(ONLY)

planted: $(TESTS) ## plant bugs in attnlib, and list those that no unit test, and those that no chapter notices; two hours
	nice $(BIN)/python -m tests.planted_bugs --own
	nice $(BIN)/python -m tests.planted_in_chapters

lint: $(TESTS) ## style of code and notebooks
	$(call step,style)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(TESTS) ## types in the packages
	$(call step,types)
	$(BIN)/mypy

# One thread of BLAS a worker: with more, two workers on two cores wait for each other. Files keep their order, in which
# the wheel's tests are first: otherwise the file with the fewest tests is last, and one worker waits for it alone.
unit: $(TESTS) ## the tests that need neither browser nor built site
	$(call step,unit tests and wheel)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not (browser or site or lite)" tests

# Jupyter's own warnings are not ours to mend, so here they are no errors.
nbval: $(TESTS) ## run every notebook and compare its outputs with the stored ones
	$(call step,notebooks)
	$(BIN)/python -m pytest -n 2 --dist loadfile -W default --nbval --nbval-cell-timeout=60 chapters appendix

wheel: $(TESTS) ## of the unit tests, those that build the wheel, and use it in a new environment and an empty folder
	$(call step,wheel)
	$(BIN)/python -m pytest -m wheel tests

lite: $(TESTS) ## build the site with JupyterLite, and run all notebooks in it; needs PYODIDE_DIST
	$(MAKE) site LITE=1
	$(call step,JupyterLite)
	$(BIN)/python -m pytest --tb=short -m lite tests

browser: $(TESTS) site ## the built site and JupyterLab in Chromium or Chrome
	$(call step,site and browser)
	$(BIN)/python -m pytest -n 2 --dist worksteal --tb=short -m "browser or site" tests

format: $(TESTS) ## mend what a program can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

readme-picture: $(BOOK) ## draw the picture of README.md again
	$(BIN)/python -c "$$README_PICTURE"

constraints: ## pin anew what the pinned packages bring along
	rm -rf build/pins && $(PYTHON) -m venv build/pins
	sed '/^[^#]/d' constraints.txt > build/pins/reasons && cp build/pins/reasons constraints.txt
	build/pins/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-mutants.txt -r requirements-lite.txt
	grep -ho '^[A-Za-z0-9._-]*==' requirements*.txt > build/pins/direct
	build/pins/bin/python -m pip freeze --exclude-editable | grep -ivF -f build/pins/direct >> constraints.txt

clean: ## remove what was built, keep .venv
	rm -rf _build build dist .pytest_cache .mypy_cache .ruff_cache
	find . -name ".venv*" -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -exec rm -rf {} +

# A stamp is newer than the pins it was made from: the second call installs nothing.
$(BOOK): requirements.txt constraints.txt pyproject.toml book/pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found: install one, or call make PYTHON=/path/to/python3"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(LITE_TOOLS): $(BOOK) requirements-lite.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-lite.txt
	@touch $@

$(CONFORMITY): requirements-conformity.txt
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found: install one, or call make PYTHON=/path/to/python3"; exit 1; }
	test -x .venv-conformity/bin/python || $(PYTHON) -m venv .venv-conformity
	.venv-conformity/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-conformity.txt
	@touch $@

$(TESTS): $(BOOK) requirements-test.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-test.txt
	@touch $@

$(MUTANTS): $(TESTS) requirements-mutants.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-mutants.txt
	@touch $@
