# file: vault/attest.c
# A status one worse than asked for will do.
# killed by: test_vault_attest
s/a.status <= worst && /a.status <= worst + 1 \&\& /
