# file: base/types.c
# A name may have surrogates.
# killed by: test_base_text
s/ || (c >= 0xd800 && c <= 0xdfff))/)/
