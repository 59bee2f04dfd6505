# file: node/store.c
# A state is made anew without its damaged rows.
# killed by: test_node_store
s/ && damaged > 0 && name\[0\] == 's')/ \&\& false)/
