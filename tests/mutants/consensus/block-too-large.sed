# file: consensus/tree.c
# A block may be longer than 4 MiB.
# killed by: test_consensus_rules
s/if (body.n > SR_BLOCK_MAX)/if (body.n > SR_BLOCK_MAX + 1)/
