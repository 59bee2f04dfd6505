# file: enclave/epoch_switch.c
# A node goes on into an epoch with keys that are not its own there.
# killed by: test_enclave_executor
s/if (!epoch_keys_fit(next, &self->closing.next, index))/if (false \&\& !epoch_keys_fit(next, \&self->closing.next, index))/
