# file: vault/op.c
# A name may have 65 bytes.
# killed by: test_vault_op
/^static void name_read/,/^}/s/sr_read_blob(r, SR_NAME_MAX)/sr_read_blob(r, SR_NAME_MAX + 1)/
/^static void name_read/,/^}/s/if (!sr_name_valid(name->p, name->n))/if (name->n <= SR_NAME_MAX \&\& !sr_name_valid(name->p, name->n))/
