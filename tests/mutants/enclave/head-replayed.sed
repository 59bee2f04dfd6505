# file: enclave/peers.c
# A head signed for an earlier challenge counts.
# killed by: test_enclave_peers
s/^	    !sr_hash32_equal(&nonce, &self->round.nonce) || from/	    from/
