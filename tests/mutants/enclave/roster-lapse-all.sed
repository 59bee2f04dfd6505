# file: enclave/epoch_plan.c
# A common expiry removes one member after the other.
# killed by: test_enclave_roster
s/if (lapsed > f || /if (/
