# file: vault/get.c
# Who may see a secret sees everyone's events.
# killed by: test_vault_get
s/l->own_events_only = !vault_account_is(&secret.owner, l->who);/l->own_events_only = false;/
