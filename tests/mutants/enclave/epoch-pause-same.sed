# file: enclave/epoch_plan.c
# The pause after a change that was given up does not grow.
# killed by: test_enclave_roster_change
s/^		pause \*= 2;$/		pause *= 1;/
