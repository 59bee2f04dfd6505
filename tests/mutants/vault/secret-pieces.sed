# file: vault/secret.c
# A blob need not have one piece a member.
# killed by: test_vault_secret
s/return p->pieces_n == tx->block->members_n && p->data_pieces >= 1 &&/return p->data_pieces >= 1 \&\&/
