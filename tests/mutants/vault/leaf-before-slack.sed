# file: vault/facts.c
# A ticket issued in time is not served in the seconds after BEFORE.
# killed by: test_vault_ticket
s/vault_add_capped(node->number, f->before_slack_ms)/node->number/
