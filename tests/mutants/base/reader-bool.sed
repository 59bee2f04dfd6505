# file: base/buf.c
# 2 is true: a second encoding.
# killed by: test_base_buf
s/^	if (v > 1)$/	if (v > 2)/
