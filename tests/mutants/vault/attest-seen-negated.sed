# file: vault/facts.c
# A NOT hides what anyone may ask for.
# killed by: test_vault_attest
s/\*holds = (f->negated & bit(index)) == 0;/*holds = true;/
