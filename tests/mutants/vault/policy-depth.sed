# file: vault/policy.c
# A policy may be nine deep.
# killed by: test_vault_policy
/^static uint16_t node_read/,/^}/s/depth > VAULT_POLICY_DEPTH_MAX/depth > VAULT_POLICY_DEPTH_MAX + 1/
