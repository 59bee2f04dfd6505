# file: enclave/genesis.c
# Evidence of a kind that the policy does not accept is taken.
# killed by: test_enclave_genesis
s/^	    (g->policy.kinds & ATTEST_KIND_BIT(m->evidence.p\[0\])) == 0)$/	    false)/
