# file: vault/secret.c
# A new policy may be dealt to whoever is no member.
# killed by: test_vault_dealt
/^enum sr_error vault_secret_policy/,/^}/s/	SR_TRY(vault_key_holders(tx, &b->key));//
