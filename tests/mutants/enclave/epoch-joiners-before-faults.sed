# file: enclave/epoch_plan.c
# Who comes holds up the removal of a proven fault.
# killed by: test_enclave_roster_change
s/urgent += (p->flags\[i\] & URGENT) != 0 ? 1 : 0;/urgent += 0;/
