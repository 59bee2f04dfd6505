# file: enclave/epoch_plan.c
# Everyone may come and go at once.
# killed by: test_enclave_roster_change
s/return half > 0 ? half : 1;/return half < n ? n : 1;/
