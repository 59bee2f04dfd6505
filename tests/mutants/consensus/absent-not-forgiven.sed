# file: consensus/absent.c
# A block of its own does not make an absent author one like the others.
# killed by: test_consensus_absent
s/		\*missed = 0;/		;/
