# The five commands to know: make demo, make test, make check, make bench, make stress.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
SHARED ?= ../shared
# one numerical thread a process; cores are filled with processes
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

.PHONY: demo test check bench bench-gpu stress docs clean

demo: $(VENV)/.installed  ## a small dataset, all five stages, scores and a report
	$(BIN)/neurocli demo -o demo

test: $(VENV)/.tests  ## every test, and the short form of the stress suite
	$(BIN)/python -m pytest -q tests/stress -m "not slow"
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not stress" --ignore=tests/stress tests

check: $(VENV)/.tests  ## lint, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py

bench: $(VENV)/.bench  ## ratios beside the peer or the floor, each in one run
	$(BIN)/python -m bench

bench-gpu:  ## the feature catalogue on a GPU; needs NumPy, SciPy, torch, triton and numba alone
	$(PYTHON) -m neurocli.features.bench --backend cuda --json bench-gpu.json

stress: $(VENV)/.tests  ## kills, full disks, simultaneous runs
	$(BIN)/python -m pytest -m "slow or stress" tests/stress tests/runs/test_nipype.py tests/runs/test_offline.py

docs: $(VENV)/.installed  ## write the reference pages from the code
	$(BIN)/python -m docs.build

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	touch $@

$(VENV)/.tests: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[test,dev]'
	touch $@

$(VENV)/.bench: $(VENV)/.tests
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[bench]'
	touch $@

clean:
	rm -rf demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
