# file: enclave/epoch.c
# A member's operation need not be signed.
# killed by: test_enclave_epoch
s/return sr_verify(&ctx->now->members\[\*member\].vote_key, &sig, op_domain, op->signed_bytes.p,/return SR_OK; return sr_verify(\&ctx->now->members[*member].vote_key, \&sig, op_domain, op->signed_bytes.p,/
