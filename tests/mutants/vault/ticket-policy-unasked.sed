# file: vault/ticket.c
# A ticket is issued although the policy is false.
# killed by: test_vault_ticket
s/return vault_facts_hold(f, 0, &tx->receipt->detail) ? SR_OK : SR_ERR_POLICY_FALSE;/(void)vault_facts_hold(f, 0, \&tx->receipt->detail); return SR_OK;/
