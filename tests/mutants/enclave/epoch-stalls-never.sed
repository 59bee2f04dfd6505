# file: enclave/epoch_plan.c
# Who keeps changes from getting through is never removed.
# killed by: test_enclave_roster_change
s/m.stalls >= ROSTER_STALLS_MAX/m.stalls == UINT32_MAX/
