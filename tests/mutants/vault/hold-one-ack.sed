# file: vault/hold.c
# The first acknowledgement makes the next generation.
# killed by: test_enclave_hold
/^static bool all_acked/,/^}/s/return false;/return true;/
