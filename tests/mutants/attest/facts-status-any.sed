# file: attest/facts.c
# A status that does not exist is read.
# killed by: test_attest_facts
/^static enum sr_error facts_check/,/^}/s/f->status > ATTEST_NOT_SUPPORTED/f->status > 255/
