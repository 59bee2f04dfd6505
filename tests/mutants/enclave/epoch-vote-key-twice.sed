# file: enclave/epoch.c
# A vote key of another may be dealt as one's own.
# killed by: test_enclave_epoch
s/if (vote_key_used(t, ctx->now, change, &deal->vote_key))/if (false)/
