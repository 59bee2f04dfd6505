# file: vault/policy.c
# Any version number is taken.
# killed by: test_vault_policy
s/if (sr_read_u8(&r) != POLICY_VERSION)/if (sr_read_u8(\&r) == 0)/
