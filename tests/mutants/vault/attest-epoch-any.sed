# file: vault/attest.c
# Verdicts of another epoch count, whoever has the index now.
# killed by: test_vault_attest
s/votes->equal += v.epoch == votes->like->epoch && /votes->equal += /
