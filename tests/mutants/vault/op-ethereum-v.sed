# file: vault/op.c
# An Ethereum signature has several encodings.
# killed by: test_vault_op
s/r.error == SR_OK && op->signature_n == 65 && op->signature\[64\] != 27 &&/false \&\&/
