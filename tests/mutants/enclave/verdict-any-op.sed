# file: enclave/executor.c
# Of two operations whose hashes begin alike one need not be checked.
# killed by: test_enclave_executor
s/if (op->epoch == block->epoch && sr_hash32_equal(slot, &op->hash))/if (op->epoch == block->epoch \&\& !sr_hash32_is_zero(slot))/
