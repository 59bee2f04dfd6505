# file: shamir/dleq.c
# Two proofs use one nonce.
# killed by: test_shamir_dleq
s/enum sr_error error = sr_drbg_fill(drbg, ikm + 32, 32);/enum sr_error error = SR_OK; memset(ikm + 32, 0, 32); (void)drbg;/
s/memcpy(info + sizeof NONCE_LABEL, statement->b, 32);/memset(info + sizeof NONCE_LABEL, 0, 32); (void)statement;/
