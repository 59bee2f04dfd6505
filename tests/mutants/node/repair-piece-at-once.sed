# file: node/repair.c
# a wake has all that failed tried again
# killed by: test_node_repair
s/if (!piece_due(self, hash)) {/if (false) {/
