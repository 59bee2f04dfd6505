# file: node/repair.c
# who is named again is somebody new
# killed by: test_node_repair
s/if (strcmp(p->url, next.url) != 0 ||/if (true ||/
