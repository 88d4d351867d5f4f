# make demo: install the core and train on the embedded lac promoter library
# make test: install what the tests need, PyTorch too, and run all of them
# make test-core: those of the core, for which PyTorch is not needed
# make test-deep: those of networks and language models, which install PyTorch first
# make test-scale: those of Ray, which install it first, and those of the limits of memory
# make test-browser: the page in Chromium, and requests made up from the OpenAPI document
# make lint: style, types and import contracts      make check: lint and test, as CI does
# make bench: rerun the benchmarks (docs/benchmarks.md)   make bench-guard: compare with its ratios
# make accuracy: rerun docs/accuracy.md (hours)
# make accuracy-networks: its table of networks, which installs PyTorch first (hours)
PYTHON ?= python3
BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
# Most of what is installed is never imported: compiling at first use, and keeping that, is half the
# time of installing. Some machines (containers) set this variable, and would compile at every use.
export PYTHONDONTWRITEBYTECODE :=
PIP := $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt

# The tests run in one process a core; threads inside them would fight for the cores, and those
# of LightGBM, which is told their number, would spin while they wait (see seqexpr.cli.main).
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 GOMP_SPINCOUNT=10000

.PHONY: help demo test test-core test-deep test-scale test-browser lint check bench bench-guard accuracy accuracy-networks docs clean
help:
	@grep '^# make' Makefile | sed 's/^# //'

.venv/.made:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and f'seqexpr needs Python 3.11 or newer, found {sys.version.split()[0]}; run: make PYTHON=python3.12')"
	@echo "Making the virtual environment .venv"
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.core: .venv/.made pyproject.toml constraints.txt
	@echo "Installing seqexpr (core, no PyTorch) with the versions of constraints.txt"
	@$(PIP) --editable .
	@touch $@

.venv/.dev: .venv/.made pyproject.toml constraints.txt
	@echo "Installing seqexpr and what the tests need (no PyTorch)"
	@$(PIP) --editable ".[dev]"
	@touch .venv/.core $@

.venv/.bench: .venv/.dev
	@echo "Installing what the benchmarks compare with"
	@$(PIP) --editable ".[dev,bench]"
	@touch $@

.venv/.bench-all: .venv/.bench .venv/.deep .venv/.scale
	@$(PIP) --editable ".[bench,deep,oracles,motifs,genome,scale]"
	@touch $@

# gReLU and CREsted need an older pandas than seqexpr: they live apart.
.venv-peers/.made: benchmarks/peers.txt
	@echo "Making the virtual environment .venv-peers with gReLU and CREsted"
	@$(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/peers.txt
	@touch $@

.venv/.deep: .venv/.dev
	@echo "Installing PyTorch and what stands on it"
	@$(PIP) --editable ".[dev,deep,lm,onnx,oracles]"
	@touch $@

demo: .venv/.core
	@echo "Training on the embedded lac promoter library (50,518 variants)"
	@$(BIN)/seqexpr train dataset:lac --preset fast --overwrite -o demo-run

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Coverage is counted where parts are run by themselves, as CI does: it takes a third as long again.
COVER := yes
test: COVER :=
test: test-core test-deep test-scale

# What PyTorch is needed to run; its lines count in test-deep.
NEEDS_TORCH := src/seqexpr/models/nets/*,src/seqexpr/models/training/*,src/seqexpr/models/neural*.py,src/seqexpr/features/embeddings.py,src/seqexpr/features/_language_model.py,src/seqexpr/bundle/export.py,src/seqexpr/bundle/networks.py,src/seqexpr/interpretation/attribution.py,src/seqexpr/interpretation/deeplift.py,src/seqexpr/scale/ray_*.py
# The limits of memory (two minutes) are tested in test-scale, without Ray too.
test-core: .venv/.dev
	$(ONE_THREAD) $(BIN)/python -m pytest -n auto --ignore tests/scale/test_memory_limit.py --durations=15 $(if $(COVER),--cov --cov-report= --cov-fail-under=0)
	$(if $(COVER),$(BIN)/coverage report --omit "$(NEEDS_TORCH)")

# What needs PyTorch, whole files and single tests: the core's tests have skipped these, and the
# others need not run again. (pytest's -k finds the names of folders and files, too.)
DEEP := nets training neural.py test_neural.py test_networks.py test_streamed_networks.py \
	test_contribution_table.py test_language_model.py test_embeddings.py test_attribution.py \
	test_deeplift.py test_modisco.py test_gradient.py
any = $(subst $() , or ,$(strip $(1)))
DEEP_NAMES := network cnn legnet dream dilated hybrid transfer
DEEP_WHERE := src/seqexpr/models tests/models tests/features tests/interpretation tests/design \
	tests/workflow tests/testing tests/search tests/bundle/test_conformance.py tests/docs
test-deep: .venv/.deep
	$(ONE_THREAD) $(BIN)/python -m pytest -n auto $(DEEP_WHERE) -k "$(call any,$(DEEP) $(DEEP_NAMES))" --durations=15 $(if $(COVER),--cov --cov-append --cov-fail-under=0)

.venv/.scale: .venv/.dev
	@echo "Installing Ray"
	@$(PIP) --editable ".[dev,scale]"
	@touch $@

# Networks on Ray are tested where PyTorch is installed too, as after test-deep. The core's tests
# have done blocks without Ray. Three at a time, the longest first: starting Ray is waiting, mostly.
SCALE := tests/scale/test_memory_limit.py tests/scale/test_ray_training.py tests/scale/test_ray_backend.py \
	tests/scale/test_ray_training_alone.py tests/search/test_search_on_ray.py tests/scale/test_train.py \
	tests/scale/test_ray_executor.py
test-scale: .venv/.scale
	$(ONE_THREAD) $(BIN)/python -m pytest -n 3 $(SCALE)

.venv/.browser: .venv/.dev
	@echo "Installing what drives a browser (Chromium itself comes from the system)"
	@$(PIP) --editable ".[dev,browser]"
	@touch $@

test-browser: .venv/.browser
	$(ONE_THREAD) $(BIN)/python -m pytest tests/serve/page tests/serve/test_openapi.py

check: lint test

bench: .venv/.bench-all .venv-peers/.made
	$(BIN)/python -m benchmarks.run

bench-guard: .venv/.bench-all .venv-peers/.made
	$(BIN)/python -m benchmarks.run --guard

accuracy: .venv/.bench
	$(BIN)/python -m benchmarks.accuracy --budget 20m

accuracy-networks: .venv/.deep
	$(BIN)/python -m benchmarks.accuracy --systems networks

clean:
	rm -rf .venv .venv-peers .bench demo-run build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
