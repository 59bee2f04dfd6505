# Fault injection at the library edge (tests/inject/fault.h): the n-th call of a kind fails.
INJECT := $(O)/tests/inject
FAULT := tests/inject/fault.c

# Called before a sanitizer has started.
$(call objects,$(FAULT)): CFLAGS_ALL := $(filter-out $(SANITIZE),$(CFLAGS_ALL))

# name, sources besides fault.c, modules
define inject_rule
$(call program_rule,$(INJECT)/$(1),tests/inject/$(1).c $(FAULT) $(2),testlib $(3))
endef

$(eval $(call inject_rule,core,tests/sim/envelope.c,$(USE_enclave)))
# Every step goes through the test, which forks before those that get a fault.
$(INJECT)/core: LDFLAGS_ALL += -Wl,--wrap=enclave_step
$(eval $(call inject_rule,disk,,$(USE_node)))
$(eval $(call inject_rule,pieces,,cli $(USE_any)))
# The unit test has the evidence; its calls of the verifier come here first.
INJECT_EVIDENCE_SRC := tests/inject/evidence.c $(FAULT) tests/unit/test_attest_evidence.c
INJECT_EVIDENCE_USE := $(call test_use,tests/unit/test_attest_evidence.c)
INJECT_EVIDENCE_WRAP := -Wl,--wrap=attest_evidence_verify
$(eval $(call program_rule,$(INJECT)/evidence,$(INJECT_EVIDENCE_SRC),$(INJECT_EVIDENCE_USE)))
$(INJECT)/evidence: LDFLAGS_ALL += $(INJECT_EVIDENCE_WRAP)
INJECT_PROGRAMS := $(addprefix $(INJECT)/,core disk pieces evidence)
tests: $(INJECT_PROGRAMS) $(INJECT)/shim.so
-include $(patsubst %,$(O)/obj/tests/inject/%.d,core disk pieces evidence fault)

# Preloaded into the real programs.
$(INJECT)/shim.so: $(FAULT) tests/inject/fault.h
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fPIE,$(CFLAGS_ALL)) -fPIC -shared $(FAULT) -o $@.$$$$ && mv -f $@.$$$$ $@

.PHONY: inject check-inject
CHECK_STEPS += check-inject
INJECT_NEEDS := all $(INJECT_PROGRAMS) $(INJECT)/shim.so

# A few dozen n of the cores, each n of the disk, three of real processes.
check-inject: $(INJECT_NEEDS)
	@$(RUN) one inject tests/inject/run.sh $(INJECT) --tries 60
	@$(RUN) one inject tests/inject/processes.sh $(INJECT)/shim.so 3

# The same without a use of memory after its end: cores and parts under the sanitizers.
.PHONY: inject-asan inject-asan-run
inject-asan:
	@$(MAKE) CC=gcc VARIANT=asan CFLAGS="-O1 -gdwarf-4" inject-asan-run
inject-asan-run: export ASAN_OPTIONS = allocator_may_return_null=1:detect_leaks=0
inject-asan-run: $(INJECT)/core $(INJECT)/pieces
	$(INJECT)/pieces
	$(INJECT)/core --seconds $(INJECT_SECONDS)

# Every n, as far as the time goes, 500 of each evidence; INJECT_ROUNDS of real processes.
INJECT_SECONDS ?= 420
INJECT_ROUNDS ?= 16
inject: $(INJECT_NEEDS)
	INJECT_TRIES=500 tests/inject/run.sh $(INJECT) --seconds $(INJECT_SECONDS)
	BIN=$(BIN) tests/inject/processes.sh $(INJECT)/shim.so $(INJECT_ROUNDS)
