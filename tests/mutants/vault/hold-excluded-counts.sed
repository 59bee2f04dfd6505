# file: vault/hold.c
# An excluded dealer is in the set.
# killed by: test_enclave_hold
/^bool vault_hold_set/,/^}/s/if (hold->dealers\[i\].excluded)/if (false)/
