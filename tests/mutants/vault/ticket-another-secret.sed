# file: vault/ticket.c
# An open ticket is replaced by one for another secret.
# killed by: test_vault_ticket
s/memcmp(before->secret.b, now->secret.b, sizeof now->secret.b) == 0 &&/true \&\&/
