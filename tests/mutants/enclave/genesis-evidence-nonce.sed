# file: enclave/genesis.c
# Evidence of an earlier genesis counts.
# killed by: test_enclave_genesis
/^void genesis_report_data/,/^}/s/{ nonce->b, 32 }/{ nonce->b, 0 }/
