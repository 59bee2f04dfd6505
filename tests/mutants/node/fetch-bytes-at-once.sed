# file: node/fetch.c
# a good start excuses any slowness
# killed by: test_node_repair
s/if (t->bytes - t->stretch_bytes </if (t->bytes </
