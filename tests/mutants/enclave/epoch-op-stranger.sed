# file: enclave/epoch.c
# Who is no member may take part.
# killed by: test_enclave_epoch
/^static enum sr_error member_find/,/^}/s/if (memcmp(now->members\[i\].vote_key.b, account->b, 32) == 0) {/if (true) {/
s/return sr_verify(&ctx->now->members\[\*member\].vote_key, &sig, op_domain/struct sr_edpk who; memcpy(who.b, op->account.b, 32); return sr_verify(\&who, \&sig, op_domain/
