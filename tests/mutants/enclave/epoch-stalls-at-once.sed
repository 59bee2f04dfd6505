# file: enclave/epoch_plan.c
# One change in vain is enough to be removed.
# killed by: test_enclave_roster_change
s/m.stalls >= ROSTER_STALLS_MAX/m.stalls > 0/
