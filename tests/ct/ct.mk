# Constant time under both compilers and every level: each makes branches of its own.
#   make ct                 all eight builds            make CC=clang VARIANT=ct-clang-O3 ... check-ct    one
CT_LEVELS := 0 1 2 3
ifneq ($(findstring ct-,$(VARIANT)),)
# A level without the optimiser has no _FORTIFY_SOURCE; others see paths that none takes.
CFLAGS_ALL := $(filter-out -Werror $(if $(findstring -O0,$(CFLAGS)),-D_FORTIFY_SOURCE=2),$(CFLAGS_ALL))
endif

ct_build = $(MAKE) CC=$(1) VARIANT=ct-$(1)-O$(2) CFLAGS="-O$(2) -gdwarf-4" check-ct

.PHONY: ct
ct:
	@rm -rf build/ct && mkdir -p build/ct
	@failed=; $(foreach c,gcc clang,$(foreach l,$(CT_LEVELS),CHECK=build/ct \
		$(call ct_build,$(c),$(l)) || failed="$$failed $(c)-O$(l)";)) \
	CHECK=build/ct tests/run.sh total; \
	[ -z "$$failed" ] || { echo "leaks with:$$failed"; exit 1; }
