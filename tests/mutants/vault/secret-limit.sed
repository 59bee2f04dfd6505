# file: vault/secret.c
# One secret more than there may be.
# killed by: test_vault_nft
s/tx->meta.secrets >= VAULT_SECRETS_MAX/tx->meta.secrets > VAULT_SECRETS_MAX/
