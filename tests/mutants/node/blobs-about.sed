# file: node/blobs.c
# a piece that is missing stays without what it is about
# killed by: test_node_blobs
s/if (already && (bytes > 0 || about.n == 0))/if (already)/
