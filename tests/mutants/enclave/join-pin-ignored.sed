# file: enclave/join.c
# A trail without the pinned epoch is taken.
# killed by: test_enclave_join
s/^	if (pin\.n > 0)$/	if (false)/
