# file: enclave/snapshot.c
# A member answers every ASK.
# killed by: test_enclave_join
s/if (p->asked_ms != 0 \&\& !elapsed(self, p->asked_ms, SNAPSHOT_ASK_MS))/if (false)/
