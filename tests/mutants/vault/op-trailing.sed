# file: vault/op.c
# Bytes after the operation are ignored.
# killed by: test_vault_op
/^enum sr_error vault_op_decode/,/^}/s/SR_TRY(sr_reader_finish(&r));/SR_TRY(r.error);/
