# file: enclave/epoch.c
# A member may deal twice.
# killed by: test_enclave_epoch
/^static enum sr_error deal_apply/,/^}/s/if (epoch_set_has(&change->dealt, member))/if (false)/
