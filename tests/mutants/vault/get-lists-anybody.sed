# file: vault/get.c
# Anybody may list another's secrets and switches.
# killed by: test_vault_get
s/} else if (!vault_account_is(&p->account, l->who)) {/} else if (false) {/
