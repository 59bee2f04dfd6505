# file: vault/op.c
# More guardians may be asked for than there are.
# killed by: test_vault_op
s/ || s->guardians_k > s->guardians_n)/)/
