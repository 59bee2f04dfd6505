# file: consensus/commit.c
# A final block is committed without its ancestors.
# killed by: test_consensus_rules
s/struct cons_block \*b = path\[--n\];/struct cons_block *b = path[0]; n = 0;/
