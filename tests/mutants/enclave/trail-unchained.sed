# file: enclave/genesis.c
# Headers after a CLOSE need not follow it.
# killed by: test_enclave_trail
s/if (count > 0 && (!sr_hash32_equal(&h.parent_hash, last) ||/if (count > 0 \&\& (false ||/
