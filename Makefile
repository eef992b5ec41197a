# Everything runs in a virtual environment of this checkout; only Python 3.11, make and git are needed beforehand.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
# Nothing of the machine's own AWS set-up reaches a rehearsal or a test.
QUIET := env -u AWS_PROFILE -u AWS_ENDPOINT_URL -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN
# What of the tests `make lint` runs; CI, which runs them all beside it, sets it to nothing.
HOUSE := tests/unit/test_house.py tests/unit/test_notebooks_style.py
# Which environment `make lab` opens.
ENV := local

.PHONY: rehearse test test-browser test-long lint lab faults silence mutants bench lock sample clean

rehearse: $(VENV)/ready  ## carry the whole plan out on an embedded AWS account
	$(QUIET) $(RUN)/runbook rehearse $(ARGS)

test: $(VENV)/ready  ## the tests: every behaviour, and of each kind of trouble some members
	$(QUIET) $(RUN)/python -m pytest -n 3 $(ARGS)

test-browser: $(VENV)/ready  ## what a person does, and executed notebooks, in Chromium: needs `apt-get install chromium`, or its path in CHROMIUM
	$(QUIET) $(RUN)/python -m pytest -m browser tests/browser $(ARGS)

test-long: $(VENV)/ready  ## more of the same, which takes an hour: what tests/long.txt names, and each access policy
	$(QUIET) $(RUN)/python -m pytest -n 3 -m "long and not browser" $(ARGS)

lint: $(VENV)/ready  ## style, types, and no outputs in runbooks/
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports --no-cache --no-logo
	$(if $(HOUSE),$(RUN)/python -m pytest -q -p no:cacheprovider $(HOUSE))

faults: $(VENV)/ready  ## every fault at every call that changes something, then resume or rollback: lost must be 0
	$(QUIET) $(RUN)/python -m rehearsal.fault_matrix $(ARGS)

silence: $(VENV)/ready  ## every task of the workflow broken in every way, on two interpreters: silent must be 0
	$(QUIET) $(RUN)/python -m rehearsal.single_failures $(ARGS)

mutants: $(VENV)/ready  ## every small change of the core: the unit tests notice at least 95 %, the rest is named with its reason
	$(QUIET) $(RUN)/python tests/mutation.py $(ARGS)

# What it is held against is no part of the runbook, and stands in an environment of its own.
bench: $(VENV)/ready  ## the pass over 1 and 10 million check-ins beside pandas and Polars; ARGS=100000000 for more
	test -x $(VENV)-bench/bin/python || $(PYTHON) -m venv $(VENV)-bench
	$(VENV)-bench/bin/python -m pip install --quiet --disable-pip-version-check pandas==3.1.1 pyarrow==26.0.1 polars==2.1.0
	$(RUN)/python tests/bench.py --python $(VENV)-bench/bin/python $(ARGS)

lab: $(VENV)/ready  ## one run in JupyterLab, phase by phase: ENV=local, or ARGS="--run RUN_ID --mode apply"
	$(RUN)/runbook lab $(ENV) $(ARGS)

$(VENV)/ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	$(PYTHON) -m venv $(VENV)
	sed -n '/^pip==/,/[^\\]$$/p' requirements.lock > $(VENV)/pip.lock  # itself first: it is what installs the rest
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r $(VENV)/pip.lock
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	# On every core, where pip takes one, and without the packages' own tests. What is no Python for this one stays as it is.
	$(RUN)/python -m compileall -qq -j 0 -x '/tests?/' $(VENV)/lib || true
	touch $@

# What is locked already stays as it is, as far as requirements.txt allows; ARGS=--upgrade takes the newest of the rest.
lock:  ## pin every package that requirements.txt needs, to the last one and with the hashes of all its files
	$(PYTHON) -m venv --clear $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet --disable-pip-version-check pip-tools==7.6.2
	grep -v '^-e' requirements.txt > $(VENV)-lock/requirements.in
	$(VENV)-lock/bin/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(ARGS) \
		--output-file requirements.lock $(VENV)-lock/requirements.in
	rm -rf $(VENV)-lock

clean:  ## remove the virtual environment; records of runs stay
	rm -rf $(VENV)

sample: $(VENV)/ready  ## a fresh rehearsal as the committed sample record
	rm -rf .rehearsal/sample
	$(QUIET) $(RUN)/runbook rehearse --outputs-dir .rehearsal/sample
	rm -rf outputs/sample
	mv .rehearsal/sample/local/* outputs/sample
