# file: vault/op.c
# NFT 0 may be named.
# killed by: test_vault_op
s/return range_read(r, 1, UINT64_MAX);/return range_read(r, 0, UINT64_MAX);/
