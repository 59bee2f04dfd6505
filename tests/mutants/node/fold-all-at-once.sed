# file: node/fold.c
# A step of a fold has no end.
# killed by: test_node_store
s/while (moved < bytes && (f->has_base/while ((f->has_base/
