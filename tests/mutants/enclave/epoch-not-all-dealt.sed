# file: enclave/epoch.c
# The dealers' set is fixed before all members of the next roster dealt.
# killed by: test_enclave_epoch
s/return epoch_set_count(&change->dealt) == change->n &&/return true \&\&/
