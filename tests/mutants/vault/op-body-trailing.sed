# file: vault/op.c
# Bytes after an operation's body are ignored.
# killed by: test_vault_op
/^enum sr_error vault_op_body_decode/,/^}/s/return sr_reader_finish(&r);/return r.error;/
