# file: consensus/message.c
# Of two proposals in a slot the second is kept silently.
# killed by: test_consensus_rules
s/SR_TRY(propose_rival(self, &b, &hash));//
