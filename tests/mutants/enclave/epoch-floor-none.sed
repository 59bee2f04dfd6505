# file: enclave/epoch_plan.c
# The silent are sent away even when fewer than four remain.
# killed by: test_enclave_roster_change
s/^		    EPOCH_MEMBERS_MIN;$/		    EPOCH_MEMBERS_LEAST;/
