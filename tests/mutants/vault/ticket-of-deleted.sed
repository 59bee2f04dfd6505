# file: vault/ticket.c
# A deleted secret is served.
# killed by: test_vault_secret
/^static enum sr_error secret_alive/,/^}/s/if (secret->deleted)/if (false)/
