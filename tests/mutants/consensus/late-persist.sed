# file: rules.c
# A vote is sent first and written down afterwards.
/SR_TRY(cons_log_vote(self, &v, kind == CONSENSUS_NOTAR ? block : NULL));/d
/^	cons_send_vote(self, &v);/a\
	SR_TRY(cons_log_vote(self, &v, kind == CONSENSUS_NOTAR ? block : NULL));
