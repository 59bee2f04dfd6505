# file: enclave/epoch_plan.c
# The silent are sent away even when fewer than four remain.
# killed by: test_enclave_roster_change
s/ROSTER_FAULTY ? EPOCH_MEMBERS_LEAST : EPOCH_MEMBERS_MIN;/ROSTER_FAULTY ? EPOCH_MEMBERS_LEAST : EPOCH_MEMBERS_LEAST;/
