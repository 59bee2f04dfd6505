# file: vault/ticket.c
# A secret past its expiry is served.
# killed by: test_vault_secret
/^static enum sr_error secret_alive/,/^}/s/secret->expiry_ms != 0 && time_ms >= secret->expiry_ms/false/
