# Members come and go under load: `make demo-join SECRETS=1000` (tests/join/demo-join.sh).
JOIN_DIR := $(O)/tests/join
JOIN_LIAR := $(JOIN_DIR)/strongroom-enclave
SECRETS ?= 1000

# An enclave with one rule of voting broken: what must be voted out.
$(JOIN_DIR)/rules.c: consensus/rules.c tests/join/equivocator.sed
	@mkdir -p $(@D)
	$(Q)sed -f tests/join/equivocator.sed $< > $@ && ! cmp -s $< $@
$(JOIN_DIR)/rules.o: $(JOIN_DIR)/rules.c
	$(call say,CC,$@)
	$(Q)$(CC) $(CFLAGS_ALL) -c $< -o $@
$(JOIN_LIAR): $(call objects,enclave/main.c) $(JOIN_DIR)/rules.o $(call archives,$(USE_shell))
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $(call objects,enclave/main.c) $(JOIN_DIR)/rules.o \
		$(call archives,$(USE_shell)) $(call externals,$(USE_shell)) -o $@

.PHONY: demo-join
demo-join:
	@$(MAKE) deps
	@$(MAKE) all $(LOAD) $(JOIN_LIAR)
	@BIN=$(BIN) LOAD=$(LOAD) JOIN=$(JOIN_DIR) SECRETS=$(SECRETS) tests/join/demo-join.sh

PACKAGES += swtpm swtpm-tools openssl
