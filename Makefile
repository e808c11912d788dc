# make demo   a first training, from nothing but Python: under four minutes
# make test   all tests                make lint   style and types
# make pins   renew constraints.txt    make clean  forget what was installed

PYTHON ?= python3
VENV := .venv
INSTALL := $(VENV)/bin/pip install --quiet --disable-pip-version-check \
	--constraint constraints.txt --editable

.PHONY: demo test lint format pins clean

demo: $(VENV)/installed
	$(VENV)/bin/python train.py --dataset=synthetic --workdir=workdirs/demo

test: $(VENV)/installed-dev
	$(VENV)/bin/python -m pytest

lint: $(VENV)/installed-dev
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/ruff check
	$(VENV)/bin/mypy

format: $(VENV)/installed-dev
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

pins: $(VENV)/installed-dev
	$(VENV)/bin/pip install --quiet uv
	$(VENV)/bin/uv pip compile setup.cfg --universal --python-version 3.11 \
		--extra dev --no-header --no-annotate --upgrade -o constraints.txt
	sed -i '1i # Every version that `make demo` and `make test` install. Renew: make pins' constraints.txt

clean:
	rm -rf $(VENV) build *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: setup.cfg constraints.txt | $(VENV)/bin/python
	$(INSTALL) .
	touch $@

$(VENV)/installed-dev: setup.cfg constraints.txt | $(VENV)/bin/python
	$(INSTALL) '.[dev]'
	touch $@ $(VENV)/installed
