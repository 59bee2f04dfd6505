# file: vault/attest.c
# An attestation that has ended counts.
# killed by: test_vault_attest
s/ && time_ms < vault_add_capped(a->valid_to_ms, slack_ms);/ || slack_ms > 0;/
