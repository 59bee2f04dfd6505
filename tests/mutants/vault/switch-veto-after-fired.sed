# file: vault/switch.c
# A veto after FIRED is taken.
# killed by: test_vault_switch
s/{ IN(PENDING), CAUSE_VETO/{ IN(PENDING) | IN(FIRED), CAUSE_VETO/
