# file: vault/dealt.c
# A secret may be dealt to whoever has a member's seat.
# killed by: test_vault_dealt
s/return memcmp(roster->members\[i\].box_key, h->key, sizeof h->key) == 0;/return true;/
