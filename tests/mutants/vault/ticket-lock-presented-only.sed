# file: vault/ticket.c
# Of the NFTs that the policy needs only the presented one is locked.
# killed by: test_vault_ticket
/without |= mask;/,+1s/^			else$/			else if (f->nft_id == 0)/
s/XX/XX/
