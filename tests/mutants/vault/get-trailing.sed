# file: vault/get.c
# Bytes after a getter's parameters are ignored.
# killed by: test_vault_get
/^static enum sr_error params_read/,/^}/s/return sr_reader_finish(&r);/return r.error;/
