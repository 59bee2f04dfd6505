# file: enclave/epoch_switch.c
# A node goes on into an epoch with keys that are not its own there.
# killed by: test_enclave_executor
s/if (memcmp(record->members\[index\].vote_key.b, next->vote.b + 32, 32) != 0 ||/if (false \&\& (memcmp(record->members[index].vote_key.b, next->vote.b + 32, 32) != 0 ||/
s/^	    memcmp(record->shielding_key.b, shielding.b, 32) != 0)$/	    memcmp(record->shielding_key.b, shielding.b, 32) != 0))/
