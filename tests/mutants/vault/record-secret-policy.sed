# file: vault/record.c
# A living secret may have no policy.
# killed by: test_vault_record
s/if (r->error == SR_OK && v->policy.n == 0 && !v->deleted)/if (false)/
