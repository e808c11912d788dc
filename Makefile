# make demo    a first training, from nothing but Python
# make test    all tests                 make lint    style and types
# make format  correct the style         make wheel   wheel and sdist in dist/
# make chromium  the browser that tests open pages in; Debian, as root
# make notebook  run examples/quickstart.ipynb from top to bottom
# make pictures  the pictures of the pages, from the model of make demo
# make vendor  get the libraries of the pages from npm again
# make pins    add new requirements to constraints.txt and hashes/; with
#              UPGRADE=1, take the newest version of everything
# make audit   known vulnerabilities of these versions
# make clean   delete what was installed or built

PYTHON ?= python3
VENV := .venv
PIP := $(VENV)/bin/pip --disable-pip-version-check --quiet
UPGRADE ?=

.PHONY: demo test lint format chromium notebook pictures vendor pins audit wheel clean

demo: $(VENV)/installed
	$(VENV)/bin/python train.py --dataset=synthetic --workdir=workdirs/demo

# The longest tests begin, and a worker takes one test at a time.
test: $(VENV)/installed-dev
	$(VENV)/bin/python -m pytest --numprocesses=2 --maxschedchunk=1

lint: $(VENV)/installed-dev
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/ruff check
	$(VENV)/bin/mypy
	$(VENV)/bin/deno fmt --check --quiet
	$(VENV)/bin/deno lint --quiet

format: $(VENV)/installed-dev
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format
	$(VENV)/bin/deno fmt --quiet

chromium:
	command -v chromium || { apt-get --quiet update && \
		apt-get --quiet --yes install chromium; }

notebook: $(VENV)/installed-dev
	$(VENV)/bin/jupyter execute --inplace examples/quickstart.ipynb

pictures: $(VENV)/installed-dev
	$(VENV)/bin/python train.py --dataset=synthetic --workdir=workdirs/demo
	rm -rf workdirs/pictures
	$(VENV)/bin/python export.py --workdir=workdirs/demo --export_dir=workdirs/pictures
	$(VENV)/bin/python -m benchmarks.pictures

vendor: $(VENV)/installed
	$(VENV)/bin/python -m stalstm.show.vendor

# constraints.txt has the versions, hashes/ also the checksums of the files.
COMPILE = $(VENV)/bin/uv pip compile --universal --python-version 3.11 \
	--no-header --no-annotate --quiet
LOCK = $(COMPILE) --constraint constraints.txt --generate-hashes

pins: $(VENV)/installed-dev
	$(COMPILE) setup.cfg --extra dev $(if $(UPGRADE),--upgrade) \
		-o constraints.txt
	sed -i '1i # Every version that `make demo` and `make test` install. Renew: make pins' constraints.txt
	echo uv | $(LOCK) - -o hashes/uv.txt
	echo setuptools | $(LOCK) setup.cfg - -o hashes/demo.txt
	$(LOCK) setup.cfg --extra dev -o hashes/test.txt

audit: $(VENV)/installed-dev
	$(VENV)/bin/pip-audit --requirement hashes/test.txt --disable-pip --strict

wheel: $(VENV)/installed-dev
	$(VENV)/bin/python -m build --no-isolation

clean:
	rm -rf $(VENV) build dist *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# uv installs in seconds what takes pip a minute, but knows nothing of pip's
# configuration: behind a mirror that only pip knows, pip installs the rest too.
# Both install nothing but the files whose checksums are in hashes/.
CHECKED = --quiet --no-deps --require-hashes --requirement

$(VENV)/bin/uv: | $(VENV)/bin/python
	$(PIP) install $(CHECKED) hashes/uv.txt

# The tests start Python often, and some machines never keep compiled modules.
INSTALL = $(VENV)/bin/uv pip install --python $(VENV)/bin/python $(2) \
	$(CHECKED) $(1) || $(PIP) install $(CHECKED) $(1)

# With the setuptools that is installed by now.
ITSELF = $(VENV)/bin/uv pip install --python $(VENV)/bin/python --quiet \
	--no-deps --no-build-isolation --editable .

$(VENV)/installed: setup.cfg hashes/demo.txt | $(VENV)/bin/uv
	$(call INSTALL,hashes/demo.txt)
	$(ITSELF)
	touch $@

$(VENV)/installed-dev: setup.cfg hashes/test.txt | $(VENV)/bin/uv
	$(call INSTALL,hashes/test.txt,--compile-bytecode)
	$(ITSELF)
	touch $@ $(VENV)/installed
