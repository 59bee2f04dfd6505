# The simulator, twice from the same objects: sim_fast with the fakes of tests/sim/fake_*.c in place
# of base's cryptography, shamir's group and attest's verifiers, for volume; sim with the real ones.
#   make sim SEEDS=N         N seeds, fast               make sim-real SEEDS=N     the real cryptography
#   make check-sim           both, and the fakes themselves
#   make check-traces        the same seed is the same run under gcc and clang
#   make soak-sim SEEDS=2000 fresh properties, too
SIM_REAL_SEEDS ?= 40
SIM_SRC := $(filter-out tests/sim/fake_% tests/sim/test_%,$(wildcard tests/sim/*.c))
# keeper: tests/disk/disk.mk
SIM_USE := testlib keeper $(USE_enclave)
SIM := $(O)/tests/sim
SIM_FAST := $(O)/tests/sim_fast

# base and shamir without what a fake replaces, attest as nothing but a fake. That no -lgcrypt, no
# -lsodium and no -lgnutls of theirs is on the link line shows that nothing real is left.
SRC_fake_base := $(filter-out base/crypto%.c,$(SRC_base)) tests/sim/fake_crypto.c
SRC_fake_shamir := $(filter-out shamir/group.c,$(SRC_shamir)) tests/sim/fake_group.c
SRC_fake_attest := tests/sim/fake_attest.c
$(foreach m,fake_base fake_shamir fake_attest,$(eval $(call archive_rule,$(m))))
sim_faked = $(patsubst base,fake_base,$(patsubst shamir,fake_shamir,$(patsubst attest,fake_attest,$(1))))

$(eval $(call program_rule,$(SIM),$(SIM_SRC),$(SIM_USE)))
$(eval $(call program_rule,$(SIM_FAST),$(SIM_SRC),$(call sim_faked,$(SIM_USE))))

# What must hold of the fakes: their own test, and the tests of what is built on them, as they are.
SIM_FAKED := $(addprefix $(O)/tests/fake/,test_base_crypto_laws $(foreach t,group_laws feldman dleq \
	tdh2 subshare pedersen,test_shamir_$(t)))
SIM_FAKE_TEST := $(O)/tests/test_fake
SIM_FAKE_USE := testlib $(call sim_faked,$(USE_shamir))
$(foreach t,$(SIM_FAKED),$(eval $(call program_rule,$(t),tests/unit/$(notdir $(t)).c,$(SIM_FAKE_USE))))
$(eval $(call program_rule,$(SIM_FAKE_TEST),tests/sim/test_fake.c,$(SIM_FAKE_USE)))

-include $(patsubst %.c,$(O)/obj/%.d,$(wildcard tests/sim/*.c))

.PHONY: sim sim-real check-sim check-traces soak-sim
CHECK_STEPS += check-traces
tests: $(SIM) $(SIM_FAST) $(SIM_FAKED) $(SIM_FAKE_TEST)
check-planted: $(SIM_FAST)

check-sim: all $(SIM) $(SIM_FAST) $(SIM_FAKED) $(SIM_FAKE_TEST)
	@$(RUN) programs fake $(SIM_FAKE_TEST) $(SIM_FAKED)
	@$(RUN) one fake tests/sim/fakes.sh
	@$(RUN) one invariants $(SIM_FAST) --selftest
	@$(RUN) sim $(SIM_FAST) $(SEEDS)
	@$(RUN) sim $(SIM) $(SIM_REAL_SEEDS)

check-traces:
	@for cc in gcc clang; do \
		$(MAKE) CC=$$cc build/$$cc/tests/sim build/$$cc/tests/sim_fast || exit; \
	done
	@$(RUN) one traces-fast tests/sim/traces.sh build/gcc/tests/sim_fast build/clang/tests/sim_fast
	@$(RUN) one traces-real tests/sim/traces.sh build/gcc/tests/sim build/clang/tests/sim 2

sim: $(SIM_FAST)
	$(SIM_FAST) --seeds $(SEEDS) --jobs $(JOBS)

sim-real: $(SIM)
	$(SIM) --seeds $(SEEDS) --jobs $(JOBS)

# SEEDS seeds in the simulator, then the properties under ROUNDS fresh seeds.
soak-sim: $(SIM_FAST) $(PROP)
	@$(RUN) soak $(SIM_FAST) "$(if $(filter file,$(origin SEEDS)),2000,$(SEEDS))" $(ROUNDS) $(PROP)
