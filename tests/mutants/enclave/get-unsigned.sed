# file: enclave/clients.c
# A read need not be signed.
# killed by: test_enclave_peers
/^static enum sr_error get_verify/,/^}/s/error = account_verify(g, &w);/error = SR_OK;/
