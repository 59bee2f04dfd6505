# file: enclave/client_wire.c
# A request may be too short to hold one.
# killed by: test_enclave_client_wire
s/if (n < CLIENT_REQUEST_OVERHEAD)/if (n < 8)/
