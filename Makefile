# fastbypass_monitor: `make` says what there is to do.
#
# PYTHONS="python2.7 python3"   run the tests under these interpreters only, and fail if one is missing
# REQUIRE=1                     fail where a test or a linter would otherwise be left out
# ARGS="tests/rules"            what pytest gets instead of `tests`
# SUITES="bookworm"             the Debian releases that `make e2e` boots, instead of all three
# PARTS="reaction"              what `make bench` measures, instead of all of it
# ROUNDS=20                     of each candidate, instead of 60
# FBMON="/path/to/fbmon.py"     other checkouts that it measures beside this one
# ONLY="2.7|BFD"                only candidates with one of these words in the name,
#                               or the faults that `make mutations` puts in, instead of all of them
# OUT=docs/bench                where its results go, instead of dist/bench
# SECONDS=1200 SEED=7           how long `make soak` lasts, and the life that it repeats instead of a new one;
#                               SECONDS is how long `make bench` lets everything be idle, too, and how long `make sim`
#                               goes on; SEED is the history that it repeats instead of new ones
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
PYTHON ?= python3

VERSION := $(shell sed -n "s/^__version__ = '\(.*\)'/\1/p" fbmon/__init__.py)
DEB = dist/fastbypass_monitor-$(VERSION).deb

export PYTHONDONTWRITEBYTECODE = 1
# Programs find the modules beside them.
unexport PYTHONSAFEPATH

.DEFAULT_GOAL := help
.PHONY: help test lint demo sim mutations soak bench deb e2e clean

help: ## this list
	@echo "make TARGET, one of:"
	@sed -n 's/^\([a-z][a-z0-9-]*\):[^#]*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | \
	    while IFS='|' read -r name text; do printf '%-9s  %s\n' "$$name" "$$text"; done
	@sed -n 's/^# \([A-Z]\)/  \1/p' $(MAKEFILE_LIST)

test: ## lint, then all tests under every Python that is found (as root also those on the real kernel)
	@$(PYTHON3) tools/run_tests.py $(if $(REQUIRE),--require) --lint --pythons "$(PYTHONS)" -- $(ARGS)

lint: ## shellcheck and flake8 only
	@$(PYTHON3) tools/lint.py

demo: ## a switch, two DPI nodes and two bypass cards in network namespaces (root, a few seconds)
	@$(PYTHON3) demo/demo.py

sim: ## the daemon's own controller in a simulated world, one random life after the other (60 s)
	@python=$$($(PYTHON3) tools/interpreters.py $(PYTHON)) && exec $$python tests/sim/run.py $(SECONDS) $(SEED)

mutations: ## whether that world finds the faults that are put into a copy of the code (some minutes)
	@python=$$($(PYTHON3) tools/interpreters.py $(PYTHON)) && exec $$python tests/sim/mutations.py $(ONLY)

soak: ## sixty listeners under random outages, reloads, kills and strangers, against the model (root, 60 s)
	@python=$$($(PYTHON3) tools/interpreters.py $(PYTHON)) && exec $$python tests/soak/run.py $(SECONDS) $(SEED)

bench: ## how fast it is, compared with similar programs, which it installs (root, Debian 12, some minutes)
	@$(PYTHON3) bench/run.py $(if $(PARTS),--parts "$(PARTS)") $(if $(ROUNDS),--rounds $(ROUNDS)) \
	    $(if $(PYTHONS),--pythons "$(PYTHONS)") --seconds $(SECONDS) --fbmon "$(FBMON)" --only "$(ONLY)" --out "$(OUT)"

deb: ## the Debian package, in dist/
	@rm -rf build/deb
	@mkdir -p build/deb/source dist
	@cp -a fbmon.py fbmon sample.env fbypass_ctl fastbypass_monitor.service docs debian build/deb/source
	@cd build/deb/source && dpkg-buildpackage --no-sign --build=binary >../log 2>&1 || { cat ../log; exit 1; }
	@mv build/deb/*_all.deb $(DEB)
	@ls -l $(DEB)

e2e: deb ## install, operate, kill and upgrade it on booted Debian systems (root, a few minutes for each release)
	@$(PYTHON3) tests/e2e/run.py $(DEB) "$(SUITES)" $(ARGS)

clean: ## remove what the targets above have made
	@find . -name __pycache__ -prune -exec rm -rf {} + -o -name '*.pyc' -exec rm -f {} +
	@rm -rf .pytest_cache .benchmarks build dist
	@$(PYTHON3) -c "import sys; sys.path.insert(0, 'tools'); import interpreters; interpreters.clean()"
