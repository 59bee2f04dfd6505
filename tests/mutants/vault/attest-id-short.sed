# file: vault/attest.c
# A verdict is taken for a submission whose id differs in its last byte.
# killed by: test_vault_attest
s/return sr_hash32_equal(&p->id, id) ? SR_OK : SR_ERR_NOT_FOUND;/return SR_OK;/
