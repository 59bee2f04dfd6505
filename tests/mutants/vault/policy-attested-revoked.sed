# file: vault/policy.c
# A policy may ask for a revoked platform.
# killed by: test_vault_policy
s/node->state > VAULT_POLICY_STATUS_WORST ||/node->state > ATTEST_NOT_SUPPORTED ||/
