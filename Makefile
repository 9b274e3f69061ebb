# Every command sets up what it needs and may be run twice. PYTHON=… names an interpreter.
.POSIX:
.PHONY: help demo test harness check bench docs soak lock clean

PYTEST = .venv/bin/python -m pytest
SIDE_BY_SIDE = -n auto --maxprocesses 8
BIN = .venv/bin

help:
	@echo "make demo    lodge sample declarations and drive each to its end"
	@echo "make test    run the tests"
	@echo "make harness kill the server, cut the network, fill the disk, attack the site"
	@echo "make check   style, types, walls between modules, pages"
	@echo "make bench   measure the assessment; FULL=1 for the large run"
	@echo "make docs    build the pages into docs-site/"
	@echo "make soak    long random tests; 10,000 lodgements with 200 kills, 2,000 cuts, on each database"
	@echo "make lock    choose newer pinned packages (needs a package index)"
	@echo "make clean   remove what the commands made, except your data in .data/"

demo:
	@tools/setup.sh core
	@THONGQUAN_DATA="$${THONGQUAN_DATA:-$(CURDIR)/.data}" $(BIN)/thongquan demo $$(ls -d ../shared/data/hmrc_cds/samples 2>/dev/null) $(ARGS)

# Side by side on every core; ARGS="-n 0 …" for one process, as a debugger wants it.
# The whole suite on SQLite; with THONGQUAN_TEST_DATABASE_URL, what touches a database on PostgreSQL too.
test:
	@tools/setup.sh dev
	env -u THONGQUAN_TEST_DATABASE_URL $(PYTEST) $(SIDE_BY_SIDE) $(ARGS)
	@if [ -n "$$THONGQUAN_TEST_DATABASE_URL" ]; then \
		echo "the same site tests on PostgreSQL:"; $(PYTEST) $(SIDE_BY_SIDE) tests/site $(ARGS); fi

# One after the other: they need the machine for themselves. At soak size: python -m tests.site.harness --help
harness:
	@tools/setup.sh dev
	env -u THONGQUAN_TEST_DATABASE_URL $(PYTEST) -m harness tests/site/harness $(ARGS)
	@if [ -n "$$THONGQUAN_TEST_DATABASE_URL" ]; then \
		echo "the same harnesses on PostgreSQL:"; $(PYTEST) -m harness tests/site/harness $(ARGS); fi

check:
	@tools/setup.sh docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/zensical build --clean --strict

bench:
	@tools/setup.sh dev
	@$(BIN)/python -m bench $(ARGS)

docs:
	@tools/setup.sh docs
	@$(BIN)/python tools/print_docs.py
	@$(BIN)/zensical build --clean --strict

soak:
	@tools/setup.sh dev
	HYPOTHESIS_PROFILE=soak $(PYTEST) $(SIDE_BY_SIDE) tests/properties tests/site/clearance/test_random_lives.py $(ARGS)
	for database in sqlite postgresql; do \
		$(BIN)/python -m tests.site.harness kills --database $$database --lodgements 10000 --kills 200 || exit 1; \
		$(BIN)/python -m tests.site.harness cuts --database $$database --lodgements 5000 --cuts 2000 || exit 1; done

lock:
	@tools/setup.sh core
	@tools/lock.sh

clean:
	rm -rf .venv .tools .cache docs-site .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
