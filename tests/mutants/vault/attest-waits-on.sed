# file: vault/attest.c
# What gets no quorum waits for ever.
# killed by: test_vault_attest
s/^\treturn vault_deadline_add(tx, &d);/\treturn (void)d, SR_OK;/
