# file: enclave/executor.c
# An operation checked in one epoch counts as checked in the next.
# killed by: test_enclave_executor
s/if (op->epoch == block->epoch && sr_hash32_equal(slot, &op->hash))/if (sr_hash32_equal(slot, \&op->hash))/
