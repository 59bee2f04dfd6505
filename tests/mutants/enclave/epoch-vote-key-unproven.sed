# file: enclave/epoch_ops.c
# Anyone may deal with a vote key that is not his.
# killed by: test_enclave_roster_change
/^static enum sr_error deal_check/,/^}/s/SR_TRY(epoch_vote_verify(.*/(void)0;/
