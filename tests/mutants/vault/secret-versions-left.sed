# file: vault/secret.c
# Versions of a deleted secret stay in the state.
# killed by: test_vault_secret
s/v <= secret.version; v++)/v < secret.version; v++)/
