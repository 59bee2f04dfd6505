# file: node/keeper.c
# The identity is written before the records ahead of it.
# killed by: test_node_keeper
s/return fx->kind == ENCLAVE_FX_CHECKPOINT || fx->kind == ENCLAVE_FX_IDENTITY;/return fx->kind == ENCLAVE_FX_CHECKPOINT;/
