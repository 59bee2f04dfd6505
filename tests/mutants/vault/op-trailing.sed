# file: vault/op.c
# Bytes after the operation are ignored.
# killed by: test_vault_op
/^enum sr_error vault_op_decode_unhashed/,/^}/s/return sr_reader_finish(&r);/return r.error;/
