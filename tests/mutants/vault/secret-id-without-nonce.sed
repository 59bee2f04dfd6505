# file: vault/op.c
# Two secrets of an owner have one id.
# killed by: test_vault_op
s/{ n, sizeof n } };/{ n, 0 } };/
