# file: node/mend.c
# A power cut while a transaction is undone: the rest is not undone.
# killed by: test_node_store
s/	flags |= HEAD_OPEN;/	flags |= 0 * HEAD_OPEN;/
