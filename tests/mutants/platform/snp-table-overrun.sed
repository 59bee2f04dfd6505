# file: platform/formats.c
# A table's row may point behind its end.
# killed by: test_platform_vouch
s/offset > table\.n || n > table\.n - offset/offset > table.n/
