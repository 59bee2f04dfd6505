# file: node/log.c
# One damaged record takes all others of its file along.
# killed by: test_node_archive
s/if (err != SR_ERR_DAMAGED || !self->kind->lossy) {/if (true) {/
