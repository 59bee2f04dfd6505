# file: enclave/genesis.c
# A certificate of another block closes an epoch.
# killed by: test_enclave_trail
s/t->cert->slot != last_slot || !sr_hash32_equal(&t->cert->hash, &last))/t->cert->slot != last_slot)/
