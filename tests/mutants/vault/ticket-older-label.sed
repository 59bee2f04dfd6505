# file: vault/ticket.c
# A version wrapped to an older policy is judged by the one of now.
# killed by: test_vault_ticket
s/return sr_hash32_equal(&version->policy_hash, &now) ? SR_OK : SR_ERR_POLICY_UNCHANGED_LABEL;/return SR_OK;/
