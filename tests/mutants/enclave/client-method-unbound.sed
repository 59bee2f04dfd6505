# file: enclave/client_wire.c
# A request sealed for one method opens as another.
# killed by: test_enclave_client_wire
/^static void request_aad/,/^}/s/out\[0\] = (uint8_t)method;/out[0] = 0; (void)method;/
