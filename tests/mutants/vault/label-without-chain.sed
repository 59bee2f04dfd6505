# file: vault/op.c
# The label is not bound to the chain.
# killed by: test_vault_op
/^struct sr_hash32 vault_label/,/^}/s/{ chain_id->b, sizeof chain_id->b }/{ chain_id->b, 0 }/
