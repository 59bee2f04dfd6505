# file: vault/op.c
# A URL may hold any bytes.
# killed by: test_vault_attest
s/if (url.p\[i\] <= ' ' || url.p\[i\] > '~')/if (false)/
