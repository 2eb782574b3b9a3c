# Every target sets up what it needs: a virtual environment in .venv, nothing outside this folder.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check lint types contracts docs episodes perf faults fuzz coverage validation setup clean

demo: $(READY)      ## the main job on the embedded default: train the pocket family, ask it, decide, report
	@$(BIN)/stagelens demo --out runs/pocket

test: $(READY)      ## the tests, a file in one process: what its fixtures make is made once
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: lint types contracts   ## everything static

lint: $(READY)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(READY)
	@$(BIN)/mypy

contracts: $(READY)
	@$(BIN)/lint-imports

docs: $(READY) demo ## runs every command that README and docs show
	@$(BIN)/python tools/run_docs.py README.md docs/*.md

episodes: $(READY)  ## every written cheat and look-alike through the real harness: what the rules find
	@$(BIN)/stagelens episodes tests/episodes/reward_hacking --sandbox bubblewrap --jobs 2

perf: $(READY)      ## the benches against peers
	@$(BIN)/python perf/local_provider.py
	@$(BIN)/python perf/startup.py
	@$(BIN)/python perf/analyze.py
	@$(BIN)/python perf/sandboxes.py
	@$(BIN)/python perf/user_logs.py
	@$(BIN)/python perf/ray_engine.py --prompts 20000
	@$(BIN)/python perf/sft.py
	@$(BIN)/python perf/contamination.py
	@$(BIN)/python perf/organisms.py
	@$(BIN)/python perf/audit.py
	@$(BIN)/python perf/inspect_logs.py
	@$(BIN)/python perf/report.py

faults: $(READY)    ## the list of faults: 200 kills, full disks, cut files, hanging judges …; in hours
	@PYTHONPATH=tests $(BIN)/python perf/faults.py

fuzz: $(READY)      ## a hundred thousand inputs that are nearly right, to everything that reads a file; in an hour
	@PYTHONPATH=tests $(BIN)/python perf/fuzz.py

coverage: $(READY)  ## every number about the statistics, simulated; in minutes with QUICK=1
	@$(BIN)/python perf/coverage.py $(if $(QUICK),--quick)
	@$(BIN)/python perf/sequential.py $(if $(QUICK),--quick)

validation: $(READY) ## causes planted, and judged blind: writes the pages about it, in hours; resumable
	@$(BIN)/stagelens validate --kept docs/validation --page docs/validation.md
	@$(BIN)/stagelens validate --drawn 30 --kept docs/validation --page docs/validation-drawn.md
	@$(BIN)/stagelens validate --audits --kept docs/validation/audits --page docs/audit-validation.md

setup: $(READY)

$(READY): pyproject.toml constraints.txt tools/setup
	@tools/setup $(VENV)
	@touch $@

clean:
	rm -rf $(VENV) runs .pytest_cache .mypy_cache .ruff_cache .hypothesis
