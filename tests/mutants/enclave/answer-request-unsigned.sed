# file: enclave/client_wire.c
# The signature of an answer does not cover the request.
# killed by: test_enclave_client_wire
/^static enum sr_error answer_message/,/^}/s/sr_write_hash(w, request_hash);/(void)request_hash;/
