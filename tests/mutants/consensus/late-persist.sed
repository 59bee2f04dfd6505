# file: consensus/rules.c
# A vote is sent first and written down afterwards.
# killed by: test_consensus_rules
/SR_TRY(cons_log_vote(self, &v, kind == CONSENSUS_NOTAR ? block : NULL));/d
/^	cons_send_vote(self, &v);/a\
	SR_TRY(cons_log_vote(self, &v, kind == CONSENSUS_NOTAR ? block : NULL));
