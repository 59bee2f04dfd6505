# file: vault/policy.c
# A measurement of any length.
# killed by: test_vault_policy
s/return n == 32 || n == 48;/return n > 0 \&\& n <= 48;/
