# file: vault/attest.c
# A debug enclave speaks for its measurement.
# killed by: test_vault_attest
s/a->code != SR_OK || a->debug || /a->code != SR_OK || /
