# file: enclave/roster.c
# Votes by index outlive the roster.
# killed by: test_enclave_roster
s/SR_TRY(epoch_rows_clear(t, EPOCH_ROW_VOTES));//
