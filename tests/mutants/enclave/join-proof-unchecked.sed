# file: enclave/join.c
# The proof that comes with rows is of any state.
# killed by: test_enclave_join
s/if (vault_proof_check(&present, &value, &j->root, &j->last, proof.p, proof.n) != SR_OK ||/if (vault_proof_check(\&present, \&value, \&j->root, \&j->last, proof.p, proof.n) == SR_ERR_STALE ||/
/^	    !present)$/s/!present/false/
