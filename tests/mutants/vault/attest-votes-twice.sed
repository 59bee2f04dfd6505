# file: vault/attest.c
# A member may vote again.
# killed by: test_vault_attest
s/return before.epoch == epoch ? SR_ERR_DUPLICATE : SR_OK;/return (void)epoch, SR_OK;/
