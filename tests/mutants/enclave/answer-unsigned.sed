# file: enclave/client_wire.c
# An answer need not be signed.
# killed by: test_enclave_client_wire
s/error = sr_verify(&keys\[member\], sig, answer_info, message.p, message.n);/error = SR_OK; (void)sig;/
