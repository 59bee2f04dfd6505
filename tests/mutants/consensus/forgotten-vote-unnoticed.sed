# file: consensus/recover.c
# A vote of mine that I forgot does not prove a rolled-back disk.
# killed by: test_consensus_recover
s/^	return rollback_found(self);$/	return SR_OK;/
