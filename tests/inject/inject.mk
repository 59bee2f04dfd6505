# Fault injection at the library edge (tests/inject/fault.h): the n-th call of a kind fails.
INJECT := $(O)/tests/inject
FAULT := tests/inject/fault.c

# name, sources besides fault.c, modules
define inject_rule
$(call program_rule,$(INJECT)/$(1),tests/inject/$(1).c $(FAULT) $(2),testlib $(3))
endef

$(eval $(call inject_rule,core,tests/sim/envelope.c,$(USE_enclave)))
# Every step goes through the test, which forks before those that get a fault.
$(INJECT)/core: LDFLAGS_ALL += -Wl,--wrap=enclave_step
$(eval $(call inject_rule,disk,,$(USE_node)))
INJECT_PROGRAMS := $(INJECT)/core $(INJECT)/disk
tests: $(INJECT_PROGRAMS)
-include $(patsubst %,$(O)/obj/tests/inject/%.d,core disk fault)

.PHONY: inject check-inject
CHECK_STEPS += check-inject
# A few dozen n of the core, each n of the disk: about half a minute.
check-inject: $(INJECT_PROGRAMS)
	@$(RUN) one inject tests/inject/run.sh $(INJECT) --tries 60

INJECT_SECONDS ?= 540
# Every n, as far as the time goes.
inject: $(INJECT_PROGRAMS)
	tests/inject/run.sh $(INJECT) --seconds $(INJECT_SECONDS)
