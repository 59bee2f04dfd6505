# file: vault/facts.c
# A stage not yet reached counts.
# killed by: test_vault_ticket
s/if (node->stage > w.stage || node->stage > w.settings.stages_n)/if (node->stage > w.settings.stages_n)/
