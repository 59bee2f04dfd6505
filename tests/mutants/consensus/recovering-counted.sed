# file: recover.c
# The answer of a node that is itself abstaining counts.
s/if (!st\.recovering && sr_hash32_equal/if (sr_hash32_equal/
