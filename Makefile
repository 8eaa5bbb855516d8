# make demo, make test and make check set everything up by themselves; they need Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test test-live check check-all format clean

demo: $(READY)
	$(BIN)/personae demo --out personae-demo

test: $(READY)
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

# What starts processes again and again: kills, servers, workers, browsers. .ci/run calls it besides.
test-live: $(READY)
	$(BIN)/python -m pytest -m "live and not exhaustive" --numprocesses auto --dist loadfile --no-loadscope-reorder

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/package/test_layers.py tests/package/test_docs.py tests/page/test_types.py tests/page/test_vendor.py

# What takes longer: every installed Python, the wheel, and the benchmarks' quick settings.
check-all: check
	sh scripts/check_all.sh

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache personae-demo

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 test"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(READY)
