# file: vault/dealt.c
# A secret may be dealt to nobody's seat.
# killed by: test_vault_dealt
/^static bool is_member/,/^}/s/return false;/return true;/
