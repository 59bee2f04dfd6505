# Real processes under faults: `make chaos MINUTES=5` (tests/chaos/chaos.sh says what it does).
CHAOS_DIR := $(O)/chaos
CHAOS := $(CHAOS_DIR)/wire $(CHAOS_DIR)/shim.so $(CHAOS_DIR)/load $(CHAOS_DIR)/history
CHAOS_TEST := $(CHAOS_DIR)/test_history

$(eval $(call program_rule,$(CHAOS_DIR)/wire,tests/chaos/wire.c,))
$(eval $(call program_rule,$(CHAOS_DIR)/load,tests/chaos/load.c tests/chaos/load_ops.c,$(USE_cli)))
$(eval $(call program_rule,$(CHAOS_DIR)/history,tests/chaos/history.c tests/chaos/check.c tests/chaos/search.c,))
$(eval $(call program_rule,$(CHAOS_TEST),tests/chaos/test_history.c tests/chaos/check.c tests/chaos/search.c,testlib base))

# Preloaded, so position independent and of no other library.
$(CHAOS_DIR)/shim.so: tests/chaos/shim.c
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fPIE,$(CFLAGS_ALL)) -fPIC -shared $< -o $@ -ldl

# The same daemon under another version: rolling restarts mix the two. The enclave stays as it is:
# another build has another measurement, which the genesis does not list.
CHAOS_NEXT := $(CHAOS_DIR)/next/strongroomd
$(CHAOS_DIR)/next/%.o: node/%.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -DSR_VERSION='"0.1.1-chaos"' -c $< -o $@
$(CHAOS_NEXT): $(CHAOS_DIR)/next/main.o $(CHAOS_DIR)/next/rpc.o $(call archives,$(USE_node))
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $(filter %.o,$^) $(call archives,$(USE_node)) \
		$(call externals,$(USE_node)) -o $@

.PHONY: chaos chaos-programs check-chaos
chaos-programs: all $(CHAOS) $(CHAOS_TEST) $(CHAOS_NEXT)

chaos: chaos-programs
	@BIN=$(BIN) MINUTES=$(if $(filter file undefined,$(origin MINUTES)),5,$(MINUTES)) NODES=$(or $(NODES),4) tests/chaos/chaos.sh

# The checker's planted histories, and a short chaos where there is the right to.
CHECK_STEPS += check-chaos
check-chaos: chaos-programs
	@$(RUN) one chaos $(CHAOS_TEST)
	@$(RUN) one chaos tests/chaos/smoke.sh

PACKAGES += e2fsprogs util-linux

-include $(patsubst %.c,$(O)/obj/%.d,$(wildcard tests/chaos/*.c))
