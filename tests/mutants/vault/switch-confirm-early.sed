# file: vault/switch.c
# A guardian may confirm before PENDING.
# killed by: test_vault_random
s/{ IN(PENDING), CAUSE_CONFIRM/{ IN(WARN) | IN(PENDING), CAUSE_CONFIRM/
