# file: enclave/core.c
# Who joins takes a peer that the genesis' policy refuses.
# killed by: test_enclave_join
s/if ((error != SR_ERR_MEASUREMENT && error != SR_ERR_MEASUREMENT_ENDED) ||/if (error == SR_ERR_EVIDENCE_KIND) return SR_OK; if ((error != SR_ERR_MEASUREMENT \&\& error != SR_ERR_MEASUREMENT_ENDED) ||/
