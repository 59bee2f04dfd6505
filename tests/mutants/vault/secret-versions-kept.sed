# file: vault/secret.c
# One version more than the limit is kept.
# killed by: test_vault_secret
/if (secret->version > VAULT_VERSIONS_KEPT) {/,/}/s/secret->version - VAULT_VERSIONS_KEPT)/secret->version - VAULT_VERSIONS_KEPT - 1)/
