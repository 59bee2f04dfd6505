# file: vault/ticket.c
# Who presents an NFT need not hold it.
# killed by: test_vault_ticket
/^static enum sr_error present_nft/,/^}/s/if (!vault_account_is(&nft.owner, &tx->op->account))/if (false)/
