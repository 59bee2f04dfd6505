# file: enclave/release.c
# A share of what makes no ticket is waited for.
# killed by: test_enclave_peers
s/return (e != NULL ? e->kind : exec_pending(self, op)) == VAULT_OP_RETRIEVE;/return e != NULL || exec_pending(self, op) != 0;/
