# file: vault/op.c
# The label is not bound to the policy.
# killed by: test_vault_op
/^struct sr_hash32 vault_label/,/^}/s/return sr_hash_domain("strongroom label v1", parts, 5);/return sr_hash_domain("strongroom label v1", parts, 4);/
