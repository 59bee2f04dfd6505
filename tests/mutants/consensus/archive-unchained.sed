# file: consensus/archive.c
# Archived blocks need not follow one another.
# killed by: test_consensus_sync
s/return h->parent_slot == p.slot && sr_hash32_equal(&h->parent_hash, &p.hash) ?/return true ?/
