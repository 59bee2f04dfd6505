# file: vault/facts.c
# An heir need not wait for FIRED.
# killed by: test_vault_ticket
s/w.state == VAULT_SWITCH_FIRED && i < w.settings.heirs_n/i < w.settings.heirs_n/
