# file: vault/secret.c
# A policy may name a stage that the switch does not have.
# killed by: test_vault_secret
s/return node->stage <= w.settings.stages_n ? SR_OK : SR_ERR_NO_SUCH_SWITCH;/return SR_OK;/
