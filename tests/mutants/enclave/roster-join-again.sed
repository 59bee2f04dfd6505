# file: enclave/roster_ops.c
# A JOIN that was refused is asked about for ever.
# killed by: test_enclave_roster
s/if (crowd.duplicate || roster_spent(\*t, &op->hash))/if (crowd.duplicate)/
