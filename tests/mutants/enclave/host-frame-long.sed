# file: enclave/host_wire.c
# A frame may be longer than its limit.
# killed by: test_enclave_host_wire
s/fixed + a->n + b->n > HOST_FRAME_MAX)/fixed + a->n + b->n > HOST_FRAME_MAX + 1)/
