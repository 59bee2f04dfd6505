# file: enclave/client_wire.c
# A request may be longer than its limit.
# killed by: test_enclave_client_wire
/^enum sr_error client_request_epoch/,/^}/s/if (n > CLIENT_REQUEST_MAX)/if (n > CLIENT_REQUEST_MAX + 1)/
