# file: vault/op.c
# The label is not bound to the secret.
# killed by: test_vault_op
/^struct sr_hash32 vault_label/,/^}/s/{ id->b, sizeof id->b }/{ id->b, 0 }/
