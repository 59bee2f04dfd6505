# file: node/keeper.c
# A missing log beside a store is taken for a first start.
# killed by: test_node_keeper
s/^	if (log || !store)$/	if (log || store || !store)/
