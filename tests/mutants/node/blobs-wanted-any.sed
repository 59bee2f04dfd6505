# file: node/blobs.c
# any number of pieces may be missing
# killed by: test_node_blobs
s/if (!already \&\& self->figures.wanted >= BLOBS_WANTED_MAX)/if (false)/
