# file: base/types.c
# A name may have 65 bytes, wherever names are.
# killed by: test_base_text
s/if (n == 0 || n > SR_NAME_MAX)/if (n == 0 || n > SR_NAME_MAX + 1)/
