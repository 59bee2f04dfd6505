# file: enclave/host_wire.c
# An effect of a kind that is none is read.
# killed by: test_enclave_host_wire
s/(kind < ENCLAVE_FX_PERSIST || kind > ENCLAVE_FX_STATE_READ)/(kind > ENCLAVE_FX_STATE_READ)/
