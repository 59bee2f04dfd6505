# file: vault/policy.c
# A stage may be beyond those that a switch can have.
# killed by: test_vault_policy
s/VAULT_SWITCH_FIRED ? VAULT_HEIRS_MAX : 0/VAULT_SWITCH_FIRED ? 255 : 0/
