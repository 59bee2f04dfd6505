# file: rules.c
# A vote is sent and never written down.
/SR_TRY(cons_log_vote(self, &v, kind == CONSENSUS_NOTAR ? block : NULL));/d
