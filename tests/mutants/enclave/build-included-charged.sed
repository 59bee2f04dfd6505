# file: enclave/executor.c
# What is in a block already takes the next one's time.
# killed by: test_enclave_executor
s/if (error != SR_OK \&\& e->included > 0)/if (false)/
