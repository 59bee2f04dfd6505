# file: consensus/rules.c
# A vote is sent and never written down.
# killed by: test_consensus_rules
/SR_TRY(cons_log_vote(self, &v, kind == CONSENSUS_NOTAR ? block : NULL));/d
