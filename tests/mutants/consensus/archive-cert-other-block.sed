# file: consensus/archive.c
# A certificate of another block proves an archived one.
# killed by: test_consensus_sync
s/^	    !sr_hash32_equal(&c->hash, &block->hash))$/	    false)/
