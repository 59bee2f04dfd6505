# file: consensus/sync.c
# A peer may make a node send without end.
# killed by: test_consensus_sync
s/if (self->served_bytes\[peer\] + bytes > CONS_SERVE_BYTES)/if (false)/
