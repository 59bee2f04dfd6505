# file: vault/attest.c
# A record goes and still speaks.
# killed by: test_vault_attest
s/SR_TRY(speaker_drop(tx, &a));/(void)speaker_drop;/
