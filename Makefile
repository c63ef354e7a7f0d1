# `make demo` and `make test` are all that a newcomer needs; both set up .venv first.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export HF_HUB_OFFLINE ?= 1

.PHONY: demo test test-demo test-slurm check check-statistics report figures config-reference lock clean bench-training bench-generation bench-annotation bench-tagging bench-evaluation

demo: $(VENV)/.installed ## the whole workflow with a tiny model, then its figures
	PATH="$(abspath $(BIN)):$$PATH" snakemake --profile profiles/tiny
	$(BIN)/python workflow/scripts/headlines.py results/tiny

test: $(VENV)/.installed-test ## unit tests, then workflow tests, two at a time
	PATH="$(abspath $(BIN)):$$PATH" OMP_NUM_THREADS=1 pytest -n 2 tests/unit
	PATH="$(abspath $(BIN)):$$PATH" pytest -n 2 --dist loadfile tests/workflow

test-demo: $(VENV)/.installed-test ## the figures of the whole tiny run, which it makes anew, and short runs on real input
	PATH="$(abspath $(BIN)):$$PATH" pytest -m demo -n 2 --dist loadfile --no-loadscope-reorder tests/workflow

check-statistics: $(VENV)/.installed-test ## simulations of intervals and tests, minutes; their tables go to docs/statistics.md
	PYTHONPATH=workflow/scripts $(BIN)/python -m benchmarks.statistics_simulation docs/statistics.md
	$(BIN)/pytest -m statistics tests/statistics

test-slurm: $(VENV)/.installed-test ## the workflow on a SLURM cluster that the test starts itself; needs root, slurm-wlm and munge
	PATH="$(abspath $(BIN)):$$PATH" pytest tests/cluster

check: $(VENV)/.installed-test ## format and lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/Snakefile workflow/unpack.smk rules
	PATH="$(abspath $(BIN)):$$PATH" snakemake --lint
	PATH="$(abspath $(BIN)):$$PATH" snakemake --lint --snakefile workflow/Snakefile

report: $(VENV)/.installed ## results/tiny/report.html, self-contained
	PATH="$(abspath $(BIN)):$$PATH" snakemake --profile profiles/tiny --report results/tiny/report.html

figures: $(VENV)/.installed ## the figures of README and docs/figures.md and their pictures, from the tiny run; needs Graphviz
	$(BIN)/python workflow/scripts/write_figures.py results
	PATH="$(abspath $(BIN)):$$PATH" snakemake yesno --profile profiles/tiny --rulegraph dot 2>/dev/null | dot -Tsvg -o docs/dag.svg
	cp results/tiny/yesno/summary/accuracy.png docs/yesno_accuracy.png
	cp results/tiny/radgraph/summary/strict_f1.png docs/radgraph_strict_f1.png

config-reference: $(VENV)/.installed ## config/README.md from the field descriptions
	PYTHONPATH=workflow/scripts $(BIN)/python -m medtune.config_reference config/README.md

# What the benchmarks use: after `make demo`; add the folder of another base model to MODELS to measure it too.
MODELS ?= results/tiny/models/tiny-qwen3
QUESTIONS ?= results/tiny/yesno/data/train.jsonl
ADAPTERS ?= $(wildcard results/tiny/radgraph/*/NER_qwen2.5_adapter)
TAGGED ?= results/tiny/maccrobat/data
TAGGING ?=
ENCODERS ?= results/tiny/models/tiny-bert
ANSWERING ?= results/tiny/models/tiny-qwen3 results/tiny/meerkat/iteration1/adapter
ASKED ?= $(wildcard results/tiny/meerkat/data/*.jsonl)
BENCH := OMP_NUM_THREADS=2 OMP_WAIT_POLICY=PASSIVE TQDM_DISABLE=1 PYTHONPATH=workflow/scripts:. $(BIN)/python

bench-training: $(VENV)/.installed ## useful-token share and speed of training against padding to 512
	$(BENCH) benchmarks/bench_training.py --train $(QUESTIONS) $(MODELS)

bench-generation: $(VENV)/.installed ## speed of evaluation against one-by-one generation
	$(BENCH) benchmarks/bench_generation.py --questions $(QUESTIONS) $(MODELS)

bench-annotation: $(VENV)/.installed ## speed of annotating reports against one-by-one generation, and how it grows
	$(BENCH) benchmarks/bench_annotation.py --prompts config/prompts/radgraph_tiny --batch-tokens 16384 $(ADAPTERS)

bench-tagging: $(VENV)/.installed ## speed of training and tagging on windows against a plain loop that pads to 512
	$(BENCH) benchmarks/bench_tagging.py --data $(TAGGED) $(TAGGING) $(ENCODERS)

bench-evaluation: $(VENV)/.installed ## speed of answering and scoring medical questions in batches against one by one
	$(BENCH) benchmarks/bench_evaluation.py $(ANSWERING) $(ASKED)

lock: ## renew requirements*.lock and envs/ from requirements*.in, in a fresh environment
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet --requirement requirements.in
	.venv-lock/bin/pip freeze | sed 's/+cpu$$//' > requirements.lock
	.venv-lock/bin/pip install --quiet --requirement requirements.in --requirement requirements-test.in
	.venv-lock/bin/pip freeze | sed 's/+cpu$$//' > requirements-test.lock
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet --requirement requirements-context.in
	.venv-lock/bin/pip freeze > requirements-context.lock
	rm -rf .venv-lock
	$(PYTHON) envs/from_lock.py

# Modules are compiled when they are first loaded: most of 19 thousand never are.
PIP_INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile

$(VENV)/.installed: requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "medtune needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) --requirement requirements.lock
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed requirements-test.lock
	$(PIP_INSTALL) --requirement requirements-test.lock
	touch $@

clean: ## everything that runs have written
	rm -rf results .snakemake
