# What is measured, and how it is written down: `make bench`, `make bench-large`, ROWS="..." (docs/BENCH.md).
BENCH_DIR := $(O)/bench
BENCH_PROGRAMS := $(patsubst tests/bench/rows/%.c,$(O)/tests/bench/bench-%,$(wildcard tests/bench/rows/*.c))
ifeq ($(wildcard /usr/include/libgfshare.h),)
BENCH_PROGRAMS := $(filter-out %/bench-gfshare,$(BENCH_PROGRAMS))
endif
EXT_gfshare := -lgfshare
ROWS ?=
RUNS ?= 5

$(foreach p,limits split copy,$(eval $(call program_rule,$(O)/tests/bench/bench-$(p),tests/bench/rows/$(p).c,\
	$(USE_shamir) attest)))
# A whole node's disk under cores in virtual time.
$(eval $(call program_rule,$(O)/tests/bench/bench-week,tests/bench/rows/week.c,testlib $(USE_node) $(USE_enclave)))
$(eval $(call program_rule,$(O)/tests/bench/bench-gfshare,tests/bench/rows/gfshare.c,base gfshare))

BENCH_RUN = BIN=$(BIN) PROGRAMS=$(O)/tests/bench LOAD=$(LOAD) OUT=$(BENCH_DIR) RUNS=$(RUNS) ROWS="$(ROWS)" \
	CC="$(CC)" tests/bench/bench.sh

.PHONY: bench bench-large bench-parts bench-profile bench-programs deps-bench check-bench
bench-programs: all $(BENCH_PROGRAMS) load-program $(O)/chaos/wire

bench: bench-programs
	@$(BENCH_RUN)

# A million records, a payload of 1 GiB, 22 nodes, 10,000 idle clients: hours rather than minutes.
bench-large: bench-programs
	@LARGE=1 $(BENCH_RUN)

# What single parts cost, without a cluster: tests/bench/*.c, each on its own.
bench-parts: all $(BENCH)
	@set -e; for b in $(BENCH); do echo "== $$b"; BIN=$(BIN) $$b; done

# Where the processor's time goes, by perf.
bench-profile: bench-programs
	@BIN=$(BIN) PROGRAMS=$(O)/tests/bench LOAD=$(LOAD) tests/bench/profile.sh throughput
	@BIN=$(BIN) PROGRAMS=$(O)/tests/bench LOAD=$(LOAD) tests/bench/profile.sh release

# Planted figures that must be called what they are, and each part of the harness once, small.
CHECK_STEPS += check-bench
check-bench: bench-programs
	@$(RUN) one bench tests/bench/report.pl --selftest
	@$(RUN) one bench tests/bench/compare --selftest
	@$(RUN) one bench tests/bench/profile.pl --selftest
	@BIN=$(BIN) PROGRAMS=$(O)/tests/bench LOAD=$(LOAD) $(RUN) one bench tests/bench/smoke.sh

# The peers. etcd's and tang's packages may start a service of their own: it is not used.
deps-bench:
	@$(MAKE) deps PACKAGES="$(PACKAGES) etcd-server tang clevis libgfshare-dev ssss socat linux-perf"

-include $(patsubst %.c,$(O)/obj/%.d,$(wildcard tests/bench/rows/*.c))
