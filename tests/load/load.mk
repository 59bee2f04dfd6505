# People and what they do to a cluster: tests/load/main.c says what the program is for.
LOAD := $(O)/tests/load/load

$(eval $(call program_rule,$(LOAD),$(wildcard tests/load/*.c),$(USE_cli)))

.PHONY: load-program
load-program: $(LOAD)

-include $(patsubst %.c,$(O)/obj/%.d,$(wildcard tests/load/*.c))
