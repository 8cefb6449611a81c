# Needs python3 (3.11 or newer), make and git. Each target first installs what it lacks: see scripts/bootstrap.
.DEFAULT_GOAL := help
.PHONY: help run test bench lock clean

# Where the tables of measured runs lie, which are not part of the project.
TRUTH ?= ../shared/research

help:
	@echo "make run    run the flagship scenario and write its report to out/"
	@echo "make test   lint, type check and run every test, as CI does"
	@echo "make bench  autarky beside its peers and beside measured runs (TRUTH=FOLDER), and its error per draw"
	@echo "make lock   resolve the lock files again (needs uv)"
	@echo "make clean  remove the environment, the peers and everything built"

run:
	@scripts/bootstrap run
	@.venv/bin/autarky run --out out
	@echo "Report: $(CURDIR)/out/report.html"

test:
	@scripts/bootstrap test
	@scripts/check

bench:
	@scripts/bootstrap test
	@.venv/bin/python benchmarks/three_fabs/run.py
	@.venv/bin/python benchmarks/accuracy.py
	@.venv/bin/python benchmarks/classification.py
	@.venv/bin/python benchmarks/budgets.py
	@.venv/bin/python benchmarks/search_speed.py
	@.venv/bin/python benchmarks/serving_speed.py
	@if [ -d "$(TRUTH)" ]; then .venv/bin/python benchmarks/truth.py --tables "$(TRUTH)" --summary; \
	else echo "truth: no tables of measured runs in $(TRUTH); say where they are: make bench TRUTH=FOLDER"; fi

lock:
	@scripts/lock

clean:
	rm -rf .venv out build dist benchmarks/.cache .mypy_cache .pytest_cache .ruff_cache .hypothesis
