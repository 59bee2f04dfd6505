# Fuzzing: every decoder and state machine that reads what someone else made.
#   make fuzz MINUTES=5 [TARGETS="op genesis"]   libFuzzer, address and undefined-behaviour sanitizers
#   make check-fuzz                              the stored corpora again, under sanitizers
#   make fuzz-seeds                              the first inputs, from the product's own encoders
#   make fuzz-coverage                           lines of each decoder that the corpora reach;
#                                                UNCOVERED=1 lists those they do not
#   make fuzz-merge                              keeps what the last runs found, as far as it adds
MINUTES ?= 5
TARGETS ?=
FUZZ_CORPUS := tests/fuzz/corpus
FUZZ_SRC := $(wildcard tests/fuzz/fuzz*.c) tests/fuzz/seed.c tests/fuzz/samples.c \
	tests/fuzz/fixture.c
FUZZ_USE := testlib node $(filter-out cli,$(USE_cli)) net config shell attest $(USE_enclave)
FUZZ_PROGRAM := $(O)/fuzz/fuzz
FUZZ_REPLAY := $(O)/fuzz/fuzz_replay
FUZZ_PLANTED := $(O)/fuzz/planted
PACKAGES += llvm-14

# The same sources as the product's, with what each kind of run needs.
ifneq ($(filter fuzz fuzzcov,$(VARIANT)),)
CFLAGS_ALL := $(filter-out -Wnull-dereference -D_FORTIFY_SOURCE=2,$(CFLAGS_ALL))
endif
ifeq ($(VARIANT),fuzz)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_ALL += $(SANITIZE) -fsanitize=fuzzer-no-link
LDFLAGS_ALL += $(SANITIZE)
$(FUZZ_PROGRAM) $(O)/fuzz/planted_fuzz: LDFLAGS_ALL += -fsanitize=fuzzer
endif
ifeq ($(VARIANT),fuzzcov)
CFLAGS_ALL += -fprofile-instr-generate -fcoverage-mapping
LDFLAGS_ALL += -fprofile-instr-generate
endif

# Host and command line are never in one program: each has a function that the other has too.
FUZZ_CLI := $(O)/fuzz/libcli.a
$(FUZZ_CLI): $(call archives,cli)
	@mkdir -p $(@D)
	$(Q)objcopy --redefine-sym rpc_clear=cli_rpc_clear $< $@

# program, its sources
define fuzz_rule
$(1): $$(call objects,$(2)) $$(FUZZ_CLI) $$(call archives,$$(FUZZ_USE))
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(LDFLAGS_ALL) $$(call objects,$(2)) $$(FUZZ_CLI) $$(call archives,$$(FUZZ_USE)) \
		$$(call externals,cli $$(FUZZ_USE)) -o $$@.$$$$$$$$ && mv -f $$@.$$$$$$$$ $$@
endef
$(eval $(call fuzz_rule,$(FUZZ_PROGRAM),$(FUZZ_SRC) tests/fuzz/libfuzzer.c))
$(eval $(call fuzz_rule,$(FUZZ_REPLAY),$(FUZZ_SRC) tests/fuzz/replay.c))

# The planted faults: the same frame over another table of targets.
$(O)/obj/tests/fuzz/planted/%.o: tests/fuzz/%.c tests/fuzz/planted.def
	$(call say,CC,$< (planted))
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -DFUZZ_TARGETS='"tests/fuzz/planted.def"' -MMD -MP -c $< -o $@
planted_objects = $(foreach f,planted fuzz seed $(1),$(O)/obj/tests/fuzz/planted/$(f).o)
$(FUZZ_PLANTED): $(call planted_objects,replay) $(call archives,base)
$(O)/fuzz/planted_fuzz: $(call planted_objects,libfuzzer) $(call archives,base)
$(FUZZ_PLANTED) $(O)/fuzz/planted_fuzz:
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(call externals,base) -o $@

-include $(patsubst %.c,$(O)/obj/%.d,$(wildcard tests/fuzz/*.c)) \
	$(patsubst %.o,%.d,$(call planted_objects,replay libfuzzer))

.PHONY: fuzz check-fuzz check-fuzz-run fuzz-build fuzz-seeds fuzz-coverage fuzz-merge
CHECK_STEPS += check-fuzz

# Builds of their own, so that a plain `make` stays one.
fuzz-build:
	@$(MAKE) CC=clang VARIANT=fuzz CFLAGS="-O1 -gdwarf-4" build/fuzz/fuzz/fuzz \
		build/fuzz/fuzz/fuzz_replay build/fuzz/fuzz/planted_fuzz
	@$(MAKE) CC=clang VARIANT=fuzzcov CFLAGS="-O0 -gdwarf-4" build/fuzzcov/fuzz/fuzz_replay

fuzz: fuzz-build
	@JOBS=$(JOBS) tests/fuzz/run.sh fuzz $(MINUTES) $(TARGETS)

fuzz-coverage: fuzz-build
	@tests/fuzz/run.sh coverage $(TARGETS)

fuzz-merge: fuzz-build
	@tests/fuzz/run.sh merge $(TARGETS)

fuzz-seeds:
	@$(MAKE) CC=gcc VARIANT=asan CFLAGS="-O1 -gdwarf-4" build/asan/fuzz/fuzz_replay
	@mkdir -p $(FUZZ_CORPUS)
	@build/asan/fuzz/fuzz_replay --seeds $(FUZZ_CORPUS) $(TARGETS)

check-fuzz:
	@$(MAKE) CC=gcc VARIANT=asan CFLAGS="-O1 -gdwarf-4" check-fuzz-run

check-fuzz-run: $(FUZZ_REPLAY) $(FUZZ_PLANTED)
	@$(RUN) one fuzz $(FUZZ_REPLAY) $(FUZZ_CORPUS)
	@PLANTED=$(FUZZ_PLANTED) $(RUN) one fuzz tests/fuzz/run.sh planted
