# file: attest/evidence.c
# A guest that an agent may read counts as closed.
# killed by: test_attest_evidence
/^static enum sr_error result_tell/,/^}/s/f->debug || r->snp.migrate_ma/f->debug/
