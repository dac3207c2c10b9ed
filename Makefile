# The two commands are `make run` and `make test`; the rest is for those who work on the house.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
PEERS  := tests/peers/oidc_provider tests/peers/webhooks
WORKERS ?= auto
ARGS   ?=

# Node's packages arrive while Python's do.
MAKEFLAGS += --jobs=2
# A hundred processes start from the same sources: each would compile them anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test bench soak soak-scoring soak-sealed peers check format lint types contracts lock clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: $(READY)  ## play the demo, then serve it on 127.0.0.1:8000
	$(BIN)/jiebang demo --serve $(ARGS)

test: $(READY) peers  ## every test: SQLite, and the marked part on a private PostgreSQL
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

peers:  ## install the programs of another language that tests talk to (needs Node)
	@if command -v node >/dev/null && command -v npm >/dev/null; then \
	  for peer in $(PEERS); do \
	    [ $$peer/node_modules/.ready -nt $$peer/package-lock.json ] \
	      || { npm ci --prefix $$peer --ignore-scripts --no-audit --no-fund --loglevel=error \
	        && touch $$peer/node_modules/.ready; } || exit 1; \
	  done; \
	else \
	  echo "no Node here: the tests against programs of another language are skipped"; \
	fi

bench: $(READY)  ## ratios against floors and peers; ARGS="boards --strict" chooses modules
	timeout 900 $(BIN)/python -m benchmarks $(ARGS)

# Each part has its own limit in seconds; one that is stopped or fails ends the soak with its name.
SOAK = timeout --verbose $(1) env $(2) $(BIN)/python -m pytest -n 0 -p no:randomly \
  --log-cli-level=INFO $(3) $(ARGS)

soak: $(READY)  ## the long proofs, one after the other, each bounded: six hours at most
	$(call SOAK,1200,JIEBANG_SOAK_CARDS=100000,tests/rooms/board/test_board_at_scale.py)
	$(call SOAK,1200,JIEBANG_SOAK_ROUNDS=10000,tests/rules/scoring/test_certainty_rounds.py)
	$(call SOAK,600,JIEBANG_SOAK_DRAWS=1000000,tests/rules/scoring/test_scoring_draw.py)
	$(call SOAK,2400,JIEBANG_SOAK_EVENTS=100000,tests/rooms/feed/test_feed_race.py)
	$(call SOAK,900,JIEBANG_SOAK_BOARDS=1000 JIEBANG_SOAK_FILES=10000,tests/rooms/scoring/test_boards.py)
	$(call SOAK,900,JIEBANG_SOAK_QUOTA_RUNS=10,tests/rooms/scoring/test_queue.py)
	$(call SOAK,900,JIEBANG_SOAK_RESCORED=1000,tests/rooms/scoring/test_rescoring.py)
	$(call SOAK,900,JIEBANG_SOAK_KILLS=20,tests/journeys/test_scorers_are_killed.py)
	$(call SOAK,1200,JIEBANG_SOAK_REPLAY=100000,tests/rooms/replays/test_replays_are_killed.py)
	$(call SOAK,1800,JIEBANG_SOAK_DELIVERIES=100000,tests/rooms/webhooks/test_delivery_soak.py)
	$(call SOAK,1800,JIEBANG_SOAK_KILLS=100,tests/rooms/webhooks/test_webhook_faults.py)
	$(call SOAK,3600,JIEBANG_SOAK_DELIVERIES=100000,tests/rooms/webhooks/test_webhook_order.py)
	$(call SOAK,600,JIEBANG_SOAK_DEADLINE=200,tests/rooms/bids/test_deadline_races.py)
	$(call SOAK,900,JIEBANG_SOAK_BESIDE=20,tests/rooms/scoring/test_measuring_beside_others.py)
	$(call SOAK,900,JIEBANG_SOAK_BESIDE=20,tests/rooms/scoring/test_calling_beside_others.py)

soak-scoring: $(READY)  ## boards, quotas, re-scoring and kills at full size, on both databases; takes hours
	JIEBANG_SOAK_BOARDS=10000 JIEBANG_SOAK_FILES=100000 JIEBANG_SOAK_QUOTA_RUNS=100 \
	  JIEBANG_SOAK_RESCORED=10000 JIEBANG_SOAK_KILLS=500 \
	  $(BIN)/python -m pytest -n 0 -p no:randomly --log-cli-level=INFO \
	  tests/rooms/scoring/test_boards.py tests/rooms/scoring/test_queue.py \
	  tests/rooms/scoring/test_rescoring.py tests/journeys/test_scorers_are_killed.py $(ARGS)

soak-sealed: $(READY)  ## 200 bidders around a deadline in rounds, 50 sealed bids read by all, on both databases
	JIEBANG_SOAK_DEADLINE=200 JIEBANG_SOAK_SEALED=50 JIEBANG_SOAK_OPENINGS=20 \
	  $(BIN)/python -m pytest -n 0 -p no:randomly tests/journeys/test_nothing_half_opened.py \
	  tests/rooms/bids/test_deadline_races.py tests/doors/bids/test_bid_counts_do_not_show.py \
	  tests/doors/bids/test_bid_counts_take_no_time.py $(ARGS)

check: $(READY)  ## format, lint, types, import contracts; changes nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## rewrite the code in the house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:  ## resolve pyproject.toml into requirements.lock (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock

clean:  ## remove the environment and everything generated
	rm -rf $(VENV) var build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache $(PEERS:%=%/node_modules)

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Jiebang needs Python 3.11 or newer; set PYTHON=/path/to/python")'
	$(PYTHON) -m venv $(VENV)
	@# Of 13,000 modules most are never imported.  The others are compiled when they are, or here:
	@# what reads the files of strangers is hurried, and keeps nothing.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -c 'import marketplace.cli, marketplace.bids.rules.properties, marketplace.datasets.rules.profile'
	@touch $(READY)
