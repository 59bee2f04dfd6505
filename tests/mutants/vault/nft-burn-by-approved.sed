# file: vault/nft.c
# Who was approved may burn and approve others.
# killed by: test_vault_nft
/^enum sr_error vault_nft_\(burn\|approve\)/,/^}/s/b->nft_version, false)/b->nft_version, true)/
