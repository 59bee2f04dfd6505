# file: enclave/host_wire.c
# An event of a kind that is none is read.
# killed by: test_enclave_host_wire
s/(kind < ENCLAVE_EV_BOOT || kind > ENCLAVE_EV_STATE)/(kind < ENCLAVE_EV_BOOT)/
