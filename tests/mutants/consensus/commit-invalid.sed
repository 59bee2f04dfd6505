# file: consensus/commit.c
# A final block that is wrong by the own check is committed.
# killed by: test_consensus_rules
/^enum sr_error cons_commit(/,/^}/s/SR_TRY(cons_fatal(self, error));//
