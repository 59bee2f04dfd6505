# file: vault/attest.c
# The hash of a key does not stand for it.
# killed by: test_vault_attest
s/keys\[\] = { to->b, spki.b };/keys[] = { to->b, to->b };\n\t(void)spki;/
