# file: enclave/clients.c
# A proof shows a record to whom it would not be shown.
# killed by: test_enclave_core
s/if (g.proof && (error == SR_OK || error == SR_ERR_NOT_FOUND))/if (g.proof)/
