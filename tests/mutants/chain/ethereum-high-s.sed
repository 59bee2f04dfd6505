# file: chain/ethsig.c
# A signature with s in the upper half is taken.
# killed by: test_chain_ethsig
s/return !secp256k1_ecdsa_signature_normalize(context, NULL, &plain);/return true;/
