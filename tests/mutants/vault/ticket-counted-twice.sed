# file: vault/ticket.c
# A repeated request counts as another release.
# killed by: test_vault_ticket
s/^	if (!again) {/	if (true) {/
