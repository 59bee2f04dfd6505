# file: base/types.c
# A name may have overlong UTF-8: a second encoding.
# killed by: test_base_text
s/if (c < smallest\[more\] || c > 0x10ffff/if (c > 0x10ffff/
s/first < 0xc2/first < 0xc0/
