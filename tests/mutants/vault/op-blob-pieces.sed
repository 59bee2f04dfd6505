# file: vault/op.c
# A blob may have fewer pieces than are needed to read it.
# killed by: test_vault_op
s/count_read(r, p->data_pieces, VAULT_BLOB_PIECES_MAX)/count_read(r, 1, VAULT_BLOB_PIECES_MAX)/
