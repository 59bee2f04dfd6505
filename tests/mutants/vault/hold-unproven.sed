# file: vault/hold.c
# A complaint about a good share counts.
# killed by: test_enclave_hold
s/return at_fault ? SR_OK : SR_ERR_BAD_PROOF;/return SR_OK;/
