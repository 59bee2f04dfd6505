# file: enclave/epoch.c
# The dealers' set is fixed before all members of the next roster dealt.
# killed by: test_enclave_epoch
s/if (epoch_set_count(&change->dealt) == ctx->now->n)/if (epoch_set_count(\&dealers) >= epoch_dealers_min(change, ctx->now))/
