# file: enclave/clients.c
# A read's signature does not cover the key that is answered to.
# killed by: test_enclave_core
s/sr_write_xpk(w, answer_key);/(void)answer_key;/
