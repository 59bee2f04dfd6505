# Strongroom. `make help` lists the targets. Objects go to build/<compiler>/; nothing else is written.
#
# Every folder is a static library, and the link line of each program is its dependency list: a call
# that the architecture forbids (docs/ARCHITECTURE.md) does not link.

ifeq ($(origin CC),default)
CC := gcc
endif
# A build of another kind (sanitizers, a planted fault): VARIANT=name DEFS=-DSOMETHING.
VARIANT ?=
DEFS ?=
JOBS ?= 2
SEEDS ?= 2000
PREFIX ?= /usr/local
DESTDIR ?=

ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(JOBS)
endif
MAKEFLAGS += --no-print-directory

V ?= 0
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-5s %s\n' '$(1)' '$(2)')

O := build/$(or $(VARIANT),$(notdir $(CC)))
BIN := $(O)/bin

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2 \
	-Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wvla -Wundef -Wcast-qual \
	-Wnull-dereference -Wimplicit-fallthrough -Werror
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
HARDEN_LINK := -pie -Wl,-z,relro,-z,now,-z,noexecstack
# DWARF 4 because valgrind 3.19 does not read what clang 14 writes by default.
CFLAGS ?= -O2 -gdwarf-4
CPPFLAGS_ALL := -std=c17 -D_POSIX_C_SOURCE=200809L -I. $(DEFS)
CFLAGS_ALL := $(CPPFLAGS_ALL) $(WARNINGS) $(HARDEN) -ffile-prefix-map=$(CURDIR)/= $(CFLAGS)
LDFLAGS_ALL := $(HARDEN_LINK) -Wl,--as-needed $(LDFLAGS)
ifneq ($(findstring asan,$(VARIANT)),)
# The optimiser sees null and unset paths that only the sanitizers' own branches have.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_ALL := $(filter-out -Wnull-dereference -D_FORTIFY_SOURCE=2,$(CFLAGS_ALL)) \
	-Wno-maybe-uninitialized $(SANITIZE)
LDFLAGS_ALL += $(SANITIZE)
endif

.PHONY: all deps demo check check-unit check-ct check-planted check-integration \
	asan fmt install clean soak lint tests help
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

# --- Sources -------------------------------------------------------------------------------------

# Encodings that both sides of a wire need; they depend on base alone.
WIRE := $(wildcard vault/op*.c vault/policy*.c vault/proof.c vault/record.c consensus/wire.c enclave/genesis.c \
	enclave/client_wire.c enclave/client_roster.c enclave/host_wire.c attest/facts.c attest/policy.c attest/evidence_blob.c)
SHELL_SRC := $(wildcard enclave/shell_*.c)

SRC_base := $(wildcard base/*.c)
SRC_shamir := $(wildcard shamir/*.c)
SRC_consensus := $(filter-out $(WIRE),$(wildcard consensus/*.c))
SRC_vault := $(filter-out $(WIRE),$(wildcard vault/*.c))
SRC_chain := $(wildcard chain/*.c)
SRC_attest := $(filter-out $(WIRE),$(wildcard attest/*.c))
SRC_wire := $(WIRE)
SRC_enclave := $(filter-out $(WIRE) $(SHELL_SRC) enclave/main.c,$(wildcard enclave/*.c))
SRC_shell := $(SHELL_SRC)
SRC_blob := $(wildcard blob/*.c)
SRC_net := $(wildcard net/*.c)
SRC_config := $(wildcard config/*.c)
SRC_node := $(filter-out node/main.c,$(wildcard node/*.c))
SRC_platform := $(wildcard platform/*.c)
SRC_cli := $(filter-out cli/main.c,$(wildcard cli/*.c))
# fake_tsm.c stands in for open() of the whole program, fake_rpc.c for cli/rpc.c: only for the tests
# that ask for them.
SRC_testlib := $(filter-out tests/lib/fake_tsm.c tests/lib/fake_rpc.c,$(wildcard tests/lib/*.c))
MODULES := base shamir consensus vault chain attest wire enclave shell blob net config platform node \
	cli testlib

# --- What each may use ---------------------------------------------------------------------------

USE_base := base
USE_shamir := shamir base
USE_consensus := consensus wire base
USE_vault := vault wire base
USE_chain := chain base
USE_attest := attest wire base
USE_wire := wire base
USE_enclave := enclave consensus vault shamir chain attest wire base
USE_shell := shell $(USE_enclave)
USE_blob := blob wire base
USE_net := net base
USE_config := config base
USE_platform := platform wire base
USE_node := node blob net config platform wire base
USE_cli := cli blob shamir chain attest platform config wire base

EXT_base := -lgcrypt -lsodium
EXT_shamir := -lsodium
EXT_chain := -lsecp256k1 -lhogweed -lnettle -lgmp
EXT_attest := -lgnutls -ljansson
EXT_shell := -lgnutls -lseccomp
EXT_blob := -lisal
EXT_net := -lnanomsg
EXT_config := -lyaml
EXT_platform := -ltss2-esys -ltss2-mu -ltss2-rc -ltss2-tctildr
EXT_node := -lcurl-gnutls -lmicrohttpd -ljansson -ltokyocabinet -lgnutls
EXT_cli := -lcurl-gnutls -ljansson
EXT_testlib := -lcheck_pic -lsubunit -ljansson -lgnutls -lrt -lm -lpthread

# Modules to files and -l flags, for a link line.
archives = $(foreach m,$(1),$(if $(SRC_$(m)),$(O)/lib$(m).a))
externals = $(foreach m,$(1),$(EXT_$(m))) -lpthread

# --- Rules ---------------------------------------------------------------------------------------

# Written aside and moved into place, so that two makes at once do no harm.
$(O)/obj/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -MT $@ -MF $@.$$$$.d -c $< -o $@.$$$$.o && \
		mv -f $@.$$$$.d $(@:.o=.d) && mv -f $@.$$$$.o $@ || { rm -f $@.$$$$.*; exit 1; }

objects = $(patsubst %.c,$(O)/obj/%.o,$(1))

define archive_rule
ifneq ($$(SRC_$(1)),)
$(O)/lib$(1).a: $$(call objects,$$(SRC_$(1)))
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@.$$$$$$$$ && ar rcs $$@.$$$$$$$$ $$^ && mv -f $$@.$$$$$$$$ $$@
endif
endef
$(foreach m,$(MODULES),$(eval $(call archive_rule,$(m))))

# program, its sources, the modules it may use
define program_rule
$(1): $$(call objects,$(2)) $$(call archives,$(3))
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(LDFLAGS_ALL) $$(call objects,$(2)) $$(call archives,$(3)) \
		$$(call externals,$(3)) -o $$@.$$$$$$$$ && mv -f $$@.$$$$$$$$ $$@
endef

PROGRAMS :=
ifneq ($(wildcard node/main.c),)
PROGRAMS += $(BIN)/strongroomd
$(eval $(call program_rule,$(BIN)/strongroomd,node/main.c,$(USE_node)))
endif
ifneq ($(wildcard enclave/main.c),)
PROGRAMS += $(BIN)/strongroom-enclave
$(eval $(call program_rule,$(BIN)/strongroom-enclave,enclave/main.c,$(USE_shell)))
endif
ifneq ($(wildcard cli/main.c),)
PROGRAMS += $(BIN)/strongroom
$(eval $(call program_rule,$(BIN)/strongroom,cli/main.c,$(USE_cli)))
endif

all: $(PROGRAMS) $(call archives,$(filter-out testlib,$(MODULES)))

# --- Tests ---------------------------------------------------------------------------------------

# tests/unit/test_<module>_<file>.c links what its module may use; a test that needs more is listed
# here with the reason. A test of no module (tests/prop/test_wire_*.c has one) links all pure ones.
USE_any := shell $(USE_enclave) cli node blob net config
# What a machine gives as evidence is judged by what members judge it with.
USE_test_platform_tpm := platform attest wire base
USE_test_platform_tsm := $(USE_test_platform_tpm)
USE_test_platform_gramine := $(USE_test_platform_tpm)
USE_tree := $(USE_vault)
USE_store := $(USE_node)
# ... or sources of its own besides its file.
WITH_test_platform_tsm := tests/lib/fake_tsm.c
# Whoever sends a load: its pace alone, over connections that the test plays.
USE_test_load_pace := base
WITH_test_load_pace := tests/load/pace.c
# Plays members whole: their vault, a genesis of cores.
USE_test_cli_client := cli config $(USE_enclave)
USE_test_cli_ask := $(USE_test_cli_client)
WITH_test_cli_client := tests/lib/fake_rpc.c
WITH_test_cli_ask := tests/lib/fake_rpc.c

UNIT_SRC := $(wildcard tests/unit/test_*.c)
PROP_SRC := $(wildcard tests/prop/test_*.c)
CT_SRC := $(wildcard tests/ct/*.c)
BENCH_SRC := $(wildcard tests/bench/*.c)
SECRECY_SRC := $(wildcard tests/secrecy/*.c)

# test_<module>_..., ct_<module>_..., <module>_...
test_module = $(firstword $(filter-out test ct bench,$(subst _, ,$(basename $(notdir $(1))))))
test_use = testlib $(or $(USE_$(basename $(notdir $(1)))),$(USE_$(call test_module,$(1))),$(USE_any))
test_program = $(O)/tests/$(basename $(notdir $(1)))

UNIT := $(foreach t,$(UNIT_SRC),$(call test_program,$(t)))
PROP := $(foreach t,$(PROP_SRC),$(call test_program,$(t)))
CT := $(patsubst tests/ct/%.c,$(O)/tests/ct/%,$(CT_SRC))
BENCH := $(patsubst tests/bench/%.c,$(O)/bench_%,$(subst tests/bench/bench_,tests/bench/,$(BENCH_SRC)))

test_sources = $(1) $(WITH_$(basename $(notdir $(1))))
$(foreach t,$(UNIT_SRC) $(PROP_SRC),$(eval $(call program_rule,\
	$(call test_program,$(t)),$(call test_sources,$(t)),$(call test_use,$(t)))))
$(foreach t,$(CT_SRC),\
	$(eval $(call program_rule,$(O)/tests/ct/$(basename $(notdir $(t))),$(t),$(call test_use,$(t)))))
$(foreach t,$(BENCH_SRC),$(eval $(call program_rule,\
	$(O)/bench_$(patsubst bench_%,%,$(basename $(notdir $(t)))),$(t),$(call test_use,$(t)))))

# What reads whole machines for secrets; tests/integration runs it.
SECRECY := $(patsubst tests/%.c,$(O)/tests/%,$(SECRECY_SRC))
$(foreach t,$(SECRECY_SRC),$(eval $(call program_rule,$(t:%.c=$(O)/%),$(t),$(USE_cli))))

tests: $(UNIT) $(PROP) $(CT) $(SECRECY)

RUN := CC=$(notdir $(CC)) O=$(O) JOBS=$(JOBS) tests/run.sh

# Every step counts into one file; the last line of `make check` adds them up.
check:
	@$(MAKE) deps
	@rm -rf $(O)/check && mkdir -p $(O)/check
	@tests/check.sh "$(MAKE)" "$(O)" "$(SEEDS)" $(CHECK_STEPS)

# What the folders of tests/ bring along: their targets, steps of `make check`, packages.
CHECK_STEPS := lint check-unit check-ct CC=clang_check-ct check-sim check-planted check-integration
PACKAGES :=
include $(sort $(wildcard tests/*/*.mk))

check-unit: $(UNIT) $(PROP)
	@$(RUN) programs unit $(UNIT)
	@$(RUN) programs prop $(PROP)

check-ct: $(CT)
	@$(RUN) ct $(CT)

check-planted:
	@$(RUN) planted

check-integration: all $(SECRECY)
	@$(RUN) integration

ROUNDS ?= 200
# ROUNDS rounds of put, SIGKILL of a random node at a random moment, get, with real processes.
soak: all
	@BIN=$(BIN) ROUNDS=$(ROUNDS) tests/integration/soak.sh

lint: all
	@$(RUN) lint

asan:
	@$(MAKE) CC=gcc VARIANT=asan CFLAGS="-O1 -gdwarf-4" DEFS="$(DEFS)" asan-run

.PHONY: asan-run
asan-run: $(UNIT)
	@rm -rf $(O)/step
	@$(RUN) programs asan $(UNIT); $(RUN) total

demo:
	@$(MAKE) deps
	@$(MAKE) all
	@tests/integration/demo.sh

# --- Housekeeping --------------------------------------------------------------------------------

PACKAGES += build-essential clang libclang-rt-14-dev pkg-config libgcrypt20-dev libgnutls28-dev \
	nettle-dev libnanomsg-dev libyaml-dev libtokyocabinet-dev check libsodium-dev \
	libsecp256k1-dev libmicrohttpd-dev libjansson-dev libseccomp-dev libisal-dev \
	libcurl4-gnutls-dev libtss2-dev libtss2-tcti-device0 libtss2-tcti-swtpm0 swtpm swtpm-tools \
	valgrind iproute2 jq perl

deps:
	@missing=$$(for p in $(PACKAGES); do dpkg -s "$$p" 2>/dev/null | \
		grep -q '^Status: install ok installed' || echo "$$p"; done); \
	[ -z "$$missing" ] || { echo "installing:" $$missing; \
		as=$$([ "$$(id -u)" = 0 ] || echo sudo); \
		$$as apt-get update -qq && $$as env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends $$missing; }

fmt:
	@command -v clang-format >/dev/null || { echo 'install clang-format first'; exit 1; }
	@git ls-files -z '*.c' '*.h' | xargs -0 tests/lint/fmt.pl $(if $(ALL),--all)

# name of a section, files: installs those that exist
install_files = $(foreach f,$(wildcard $(2)),install -D -m $(1) $(f) $(DESTDIR)$(3)/$(notdir $(f))$(nl))
define nl


endef

install: all
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin/
	$(call install_files,644,docs/man/*.1,$(PREFIX)/share/man/man1)
	$(call install_files,644,docs/man/*.8,$(PREFIX)/share/man/man8)
	$(if $(wildcard cli/completion.bash),install -D -m 644 cli/completion.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/strongroom)
	$(call install_files,644,config/strongroomd.service,$(PREFIX)/lib/systemd/system)

clean:
	rm -rf build

help:
	@echo 'make                  the programs, into $(BIN)/'
	@echo 'make deps             install the Debian packages that are missing'
	@echo 'make demo             a cluster of four on this machine, from nothing to a released secret'
	@echo 'make demo-join        members with TPMs come, go, lie and are replaced, under load (SECRETS=1000)'
	@echo 'make check            everything; closes with: N passed, N failed, N skipped'
	@echo 'make check-unit, check-ct, check-sim, check-integration, lint    parts of it'
	@echo 'make sim SEEDS=N      N seeds in the simulator, cheap cryptography; sim-real: the real one'
	@echo 'make mutants          each rule broken once         make model    Spin searches'
	@echo 'make chaos MINUTES=M  real processes under faults   make fuzz MINUTES=M'
	@echo 'make ct               constant time, eight builds   make inject   library calls fail'
	@echo 'make coverage         lines and branches            make soak     as long as you like'
	@echo 'make bench            measurements, 16 minutes        make asan    unit tests, sanitized'
	@echo 'make bench-large      a million records and the like; ROWS="records payload" runs some rows'
	@echo 'make bench-profile    where processor time goes while four nodes are under load'
	@echo 'make install          PREFIX=$(PREFIX), DESTDIR       make fmt     mend the layout'
	@echo 'variables: CC=gcc|clang  V=1  JOBS=$(JOBS)  VARIANT=name DEFS=-DX  (builds into build/name/)'

-include $(patsubst %.c,$(O)/obj/%.d,$(foreach m,$(MODULES),$(SRC_$(m))) $(wildcard */main.c) \
	$(UNIT_SRC) $(PROP_SRC) $(CT_SRC) $(BENCH_SRC) $(SECRECY_SRC))
