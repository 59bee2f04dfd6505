# file: enclave/roster.c
# What counted in the epoch before counts again.
# killed by: test_enclave_roster
s/if (sr_read_u64(&r) != l->epoch || r.error != SR_OK)/if (true)/
