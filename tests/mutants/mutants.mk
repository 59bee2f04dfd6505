# The mutation gate: every rule of the product, broken on purpose, must be noticed by a test.
#   make mutants                        all of them; ONLY="name folder ..." some; RESUME=1 goes on where
#                                       an interrupted run stopped, when nothing has changed since
#   make check-mutants                  the first of the voting rules, as a step of make check
#   tests/mutants/build.sh --list       name, file, rule
ONLY ?=
RESUME ?=
MUTANTS := $(O)/mutants
CHECK_MUTANTS := no-persist late-persist double-notar notar-behind-frontier parent-not-certified \
	wrong-final-parent no-gap-check clock-not-awaited final-after-skip skip-after-final \
	skip-too-early quorum-minus-one votes-unverified cert-unverified time-not-rising amnesia \
	floor-too-low recovering-counted proposed-forgotten batch-unproven

# What kill.sh needs to build a program as it is built here: name, its objects, archives, -l flags,
# and flags of its own.
mutants_line = $(file >>$(MUTANTS)/programs,$(1)|$(call objects,$(2))|$(call archives,$(3))|$(call \
	externals,$(3)) $(4))

.PHONY: mutants check-mutants mutants-ready
CHECK_STEPS += check-mutants

# disk.mk is read before this file.
mutants-ready: $(UNIT) $(PROP) $(DISK)
	$(shell mkdir -p $(MUTANTS))$(file >$(MUTANTS)/programs)
	$(foreach t,$(UNIT_SRC) $(PROP_SRC),$(call \
		mutants_line,$(basename $(notdir $(t))),$(call test_sources,$(t)),$(call test_use,$(t))))
	$(foreach t,$(DISK_SRC),$(call mutants_line,$(basename $(notdir $(t))),$(t) $(DISK_SIM),$(DISK_USE)))
	$(call mutants_line,sim_fast,$(SIM_SRC),$(call sim_faked,$(SIM_USE)))
	$(call mutants_line,inject_evidence,$(INJECT_EVIDENCE_SRC),$(INJECT_EVIDENCE_USE),$(INJECT_EVIDENCE_WRAP))
	$(file >$(MUTANTS)/cflags,$(filter-out $(WARNINGS),$(CFLAGS_ALL)) -w)
	$(file >$(MUTANTS)/ldflags,$(LDFLAGS_ALL))
	@:

# sim.mk and inject.mk are read after this file.
mutants check-mutants: | $(O)/tests/sim_fast $(O)/tests/inject/evidence

mutants: mutants-ready
	@CC=$(CC) O=$(O) JOBS=$(JOBS) RESUME=$(RESUME) tests/mutants/kill.sh $(ONLY)

check-mutants: mutants-ready
	@CC=$(CC) $(RUN) one mutants tests/mutants/kill.sh $(CHECK_MUTANTS)
