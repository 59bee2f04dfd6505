# file: enclave/roster.c
# Votes on silence outlive the epoch.
# killed by: test_enclave_roster_change
s/SR_TRY(epoch_rows_clear(t, EPOCH_ROW_SILENCE));//
