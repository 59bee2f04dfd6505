# file: vault/attest.c
# Votes stay when all is decided.
# killed by: test_vault_attest
s/SR_TRY(vault_tx_delete(tx, &votes.keys\[i\]));/(void)i;/
