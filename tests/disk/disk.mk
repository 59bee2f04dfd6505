# The product's log, store and keeper on simulated disks: the power is cut in every call.
#   make check-disk
# The host's part: what keeps the enclave's data, without the loop around it.
SRC_keeper := $(addprefix node/,keeper.c log.c store.c state.c fold.c delta.c index.c \
	archive.c table.c row.c file.c dir.c)
EXT_keeper := -ltokyocabinet
$(eval $(call archive_rule,keeper))

DISK_SIM := tests/sim/disk.c tests/sim/posix.c
DISK_USE := testlib keeper wire base
DISK_SRC := $(wildcard tests/disk/test_*.c)
DISK := $(DISK_SRC:%.c=$(O)/%)
$(foreach t,$(DISK_SRC),\
	$(eval $(call program_rule,$(t:%.c=$(O)/%),$(t) $(DISK_SIM),$(DISK_USE))))
-include $(patsubst %.c,$(O)/obj/%.d,$(DISK_SRC))

CHECK_STEPS += check-disk
.PHONY: check-disk
tests: $(DISK)

check-disk: $(DISK)
	@$(RUN) programs disk $(DISK)
