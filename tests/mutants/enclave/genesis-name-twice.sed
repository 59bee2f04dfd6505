# file: enclave/genesis.c
# Two members may have one name.
# killed by: test_enclave_genesis
s/SR_TRY(names_distinct(g));//
