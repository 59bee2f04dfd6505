# file: enclave/genesis.c
# One key may serve twice.
# killed by: test_enclave_genesis
s/SR_TRY(keys_distinct(g));//
