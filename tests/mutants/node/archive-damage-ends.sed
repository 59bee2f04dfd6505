# file: node/archive.c
# A damaged last file stays, and what is behind it.
# killed by: test_node_archive
s/if (err == SR_ERR_DAMAGED) {/if (false) {/
