# file: vault/dealt.c
# Nobody looks into what an owner deals.
# killed by: test_vault_dealt
s/return block->hooks->dealt_check(&dealt, label);/(void)label; return SR_OK;/
