# file: vault/attest.c
# Refusals for other reasons count as equal.
# killed by: test_vault_attest
s/ && v.code == votes->like->code &&/ \&\&/
