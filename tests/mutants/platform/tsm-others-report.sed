# file: platform/tsm.c
# A report that others may have written into is taken.
# killed by: test_platform_tsm
s/\*own = after == before + 1;/*own = after > before;/
