# fastbypass_monitor: `make` alone lists the targets.
#
# PYTHONS="python2.7 python3"   run the tests under these interpreters only, and fail if one is missing
# REQUIRE=1                     fail if a test or a linter would be left out
# ARGS="tests/rules"            the arguments of pytest, instead of `tests`
# SUITES="bookworm"             the Debian releases that `make e2e` boots, instead of all three
# PARTS="reaction"              the parts that `make bench` measures, instead of all
# ROUNDS=20                     the rounds that it makes with each candidate, instead of 60
# FBMON="/path/to/fbmon.py"     other checkouts that it measures beside this one
# ONLY="2.7|BFD"                only candidates with one of these words in the name;
#                               for `make mutations`: only the faults with these numbers, ONLY="3 16"
# OUT=docs/bench                the directory for its results, instead of dist/bench
# SECONDS=1200                  how long `make soak` and `make sim` run, and how long `make bench` measures the idle
#                               state, instead of 60
# SEED=7                        the random life that `make soak` or `make sim` repeats, instead of new ones
# SERVE=1                       `make demo` also serves the page at http://127.0.0.1:9742/, or at another address:
#                               SERVE=0.0.0.0:9742; it stays until Ctrl-C, and one node dies and comes back
# JOBS=1                        the number of processes of `make sim`, instead of one for each processor
# PYTHON=python2.7              the interpreter of `make soak`, `make sim` and `make mutations`, instead of python3

PYTHON3 ?= python3
PYTHONS ?=
REQUIRE ?=
ARGS ?=
SUITES ?= bullseye bookworm trixie
PARTS ?=
ROUNDS ?=
FBMON ?=
ONLY ?=
OUT ?= dist/bench
SECONDS ?= 60
SEED ?=
JOBS ?=
SERVE ?=
PYTHON ?= python3

VERSION := $(shell sed -n "s/^__version__ = '\(.*\)'/\1/p" fbmon/__init__.py)
DEB = dist/fastbypass_monitor-$(VERSION).deb
BEAT_DEB = dist/fastbypass_beat-$(VERSION).deb

export PYTHONDONTWRITEBYTECODE = 1
# Without this, programs would not find the modules beside them.
unexport PYTHONSAFEPATH

.DEFAULT_GOAL := help
.PHONY: help test lint demo sim mutations soak bench deb e2e clean

help: ## this list
	@echo "make TARGET, one of:"
	@sed -n 's/^\([a-z][a-z0-9-]*\):[^#]*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | \
	    while IFS='|' read -r name text; do printf '%-11s  %s\n' "$$name" "$$text"; done
	@sed -n -e 's/^# \([A-Z0-9]*=\)/  \1/p' -e 's/^#    /     /p' $(MAKEFILE_LIST)

test: ## lint, then all tests under every Python that is found (as root also those on the real kernel)
	@$(PYTHON3) tools/run_tests.py $(if $(REQUIRE),--require) --lint --pythons "$(PYTHONS)" -- $(ARGS)

lint: ## shellcheck and flake8 only
	@$(PYTHON3) tools/lint.py

demo: ## a switch, two DPI nodes and two bypass cards in network namespaces (root; otherwise on loopback)
	@$(PYTHON3) demo/demo.py $(if $(SERVE),--serve "$(SERVE)")

sim: ## the daemon's own controller in a simulated world, one random life after the other (60 s)
	@python=$$($(PYTHON3) tools/interpreters.py $(PYTHON)) && \
	    exec $$python tests/sim/run.py $(SECONDS) $(if $(SEED),--seed $(SEED)) $(if $(JOBS),--jobs $(JOBS))

mutations: ## put faults into copies of the code and see whether that world finds them (some minutes)
	@python=$$($(PYTHON3) tools/interpreters.py $(PYTHON)) && exec $$python tests/sim/mutations.py $(ONLY)

soak: ## sixty listeners with random outages, reloads, kills and strangers, compared with a model (root, 60 s)
	@python=$$($(PYTHON3) tools/interpreters.py $(PYTHON)) && exec $$python tests/soak/run.py $(SECONDS) $(SEED)

bench: ## how fast it is, compared with similar programs, which it installs (root, Debian 12, some minutes)
	@$(PYTHON3) bench/run.py $(if $(PARTS),--parts "$(PARTS)") $(if $(ROUNDS),--rounds $(ROUNDS)) \
	    $(if $(PYTHONS),--pythons "$(PYTHONS)") --seconds $(SECONDS) --fbmon "$(FBMON)" --only "$(ONLY)" --out "$(OUT)"

deb: ## the Debian packages, in dist/
	@rm -rf build/deb
	@mkdir -p build/deb/source dist
	@cp -a fbmon.py fbmon sample.env fbypass_ctl fastbypass_monitor.service fastbypass_web.service docs debian build/deb/source
	@cd build/deb/source && dpkg-buildpackage --no-sign --build=binary >../log 2>&1 || { cat ../log; exit 1; }
	@mv build/deb/fastbypass-monitor_*_all.deb $(DEB)
	@mv build/deb/fastbypass-beat_*_all.deb $(BEAT_DEB)
	@ls -l $(DEB) $(BEAT_DEB)

e2e: deb ## install, operate, kill and upgrade it on booted Debian systems (root, a few minutes for each release)
	@$(PYTHON3) tests/e2e/run.py $(DEB) "$(SUITES)" $(ARGS)

clean: ## remove what the targets above have made
	@find . -name __pycache__ -prune -exec rm -rf {} + -o -name '*.pyc' -exec rm -f {} +
	@rm -rf .pytest_cache .benchmarks build dist
	@$(PYTHON3) -c "import sys; sys.path.insert(0, 'tools'); import interpreters; interpreters.clean()"
