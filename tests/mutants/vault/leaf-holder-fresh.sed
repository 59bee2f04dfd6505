# file: vault/facts.c
# An old NFT lends a fresh one its age.
# killed by: test_vault_ticket
s/\*holds = passed(f->time_ms, nft.held_since_ms, longest_held_for(f->policy));/*holds = true;/
