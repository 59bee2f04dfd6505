# file: vault/get.c
# A record is shown for an id that differs in its last byte.
# killed by: test_vault_attest
s/if (!sr_hash32_equal(&a.id, &p->hash))/if (false)/
