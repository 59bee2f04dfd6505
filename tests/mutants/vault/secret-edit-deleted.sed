# file: vault/secret.c
# A deleted secret can be edited.
# killed by: test_vault_secret
/^static enum sr_error secret_claim/,/^}/s/if (secret->deleted)/if (false)/
