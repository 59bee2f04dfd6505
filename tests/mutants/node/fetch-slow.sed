# file: node/fetch.c
# pieces may come as slowly as they like
# killed by: test_node_repair
s/^\t\treturn true;$/\t\treturn false;/
