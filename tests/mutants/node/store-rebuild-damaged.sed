# file: node/table.c
# A state is made anew without its damaged rows.
# killed by: test_node_store
s/ && damaged > 0 && self->letter == 's')/ \&\& false)/
