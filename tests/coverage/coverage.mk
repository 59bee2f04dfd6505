# Coverage: make coverage builds with --coverage, runs the unit and property tests and a few seeds of
# the simulator, prints lines and branches of every product file, and fails when a gated folder is
# under COVERAGE_LEAST per cent of lines or docs/COVERAGE.md does not name a function that it should.
.PHONY: coverage coverage-run
COVERAGE_LEAST ?= 95
COVERAGE_SEEDS ?= 10

ifneq ($(findstring coverage,$(VARIANT)),)
# Without optimisation a line is a line; fortified functions would need it.
CFLAGS_ALL := $(filter-out -D_FORTIFY_SOURCE=2 -Wnull-dereference -O1 -O2,$(CFLAGS_ALL)) -O0 --coverage
LDFLAGS_ALL += --coverage
endif

coverage:
	@rm -rf build/coverage
	@$(MAKE) CC=gcc VARIANT=coverage coverage-run

coverage-run: $(UNIT) $(PROP) $(O)/tests/sim
	@rm -rf $(O)/step
	@$(RUN) programs coverage $(UNIT) $(PROP); \
		$(RUN) one coverage $(O)/tests/sim --seeds $(COVERAGE_SEEDS); \
		$(RUN) total || echo 'what failed reaches fewer lines; check-unit and check-sim judge it'
	@tests/coverage/report.pl --selftest
	@tests/coverage/report.pl $(O)/obj $(COVERAGE_LEAST) docs/COVERAGE.md
