# file: enclave/roster_verdict.c
# Evidence that was accepted of a candidate is asked about again for a member.
# killed by: test_enclave_roster
/^static enum sr_error candidate_decide/,/^}/s/ctx->now->epoch, NULL, /ctx->now->epoch, \&c->entry.id_key, /
