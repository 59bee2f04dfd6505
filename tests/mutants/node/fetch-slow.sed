# file: node/fetch.c
# pieces may come as slowly as they like
# killed by: test_node_repair
# ends: not before the test's time does
s/^\t\treturn true;$/\t\treturn false;/
