# file: node/log.c
# The log of another member or cluster is taken.
# killed by: test_node_log
s/if (get32(h + 12) != self->member || .*/if (false) {/
