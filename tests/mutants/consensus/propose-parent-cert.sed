# file: consensus/message.c
# The parent's certificate need not be the parent's.
# killed by: test_consensus_rules
s/^	    !sr_hash32_equal(&c.hash, &h->parent_hash))$/	    false)/
