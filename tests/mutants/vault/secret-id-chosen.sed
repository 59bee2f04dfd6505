# file: vault/secret.c
# Whoever stores a secret may choose its id.
# killed by: test_vault_secret
s/if (memcmp(b->id.b, id.b, sizeof id.b) != 0)/if (false)/
