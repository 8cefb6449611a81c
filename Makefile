# Needs python3 (3.11 or newer), make and git. Each target first installs what it lacks: see scripts/bootstrap.
.DEFAULT_GOAL := help
.PHONY: help run test bench lock clean

help:
	@echo "make run    run the flagship scenario and write its report to out/"
	@echo "make test   lint, type check and run every test, as CI does"
	@echo "make bench  autarky beside its peers, and its error per draw"
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

lock:
	@scripts/lock

clean:
	rm -rf .venv out build dist benchmarks/.cache .mypy_cache .pytest_cache .ruff_cache .hypothesis
