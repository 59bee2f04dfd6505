# file: enclave/epoch_plan.c
# Who comes holds up every try.
# killed by: test_enclave_roster_change
s|if (attempts % 2 == 0 |if (attempts % 2 < 2 |
