# file: enclave/genesis.c
# Evidence of one operator's machine serves another one's JOIN.
# killed by: test_enclave_roster
s|{ operator_key->b, 32 },|{ operator_key->b, 0 },|
