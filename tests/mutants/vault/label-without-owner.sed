# file: vault/op.c
# The label is not bound to the owner.
# killed by: test_vault_op
/^struct sr_hash32 vault_label/,/^}/s/{ owner->b, sizeof owner->b },/{ owner->b, 0 },/
