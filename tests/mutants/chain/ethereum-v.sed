# file: chain/ethsig.c
# Any v is a recovery id.
# killed by: test_chain_ethsig
s/return v <= 1 ? v : -1;/return v \& 1;/
