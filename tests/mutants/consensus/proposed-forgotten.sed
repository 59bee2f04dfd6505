# file: consensus/log.c
# What I proposed is not known after a restart.
# killed by: test_consensus_recover
s/^	s->own\.proposed = true;$/	s->own.proposed = false;/
