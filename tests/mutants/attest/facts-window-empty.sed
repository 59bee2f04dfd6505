# file: attest/facts.c
# What is valid until before it began is read.
# killed by: test_attest_facts
/^static enum sr_error facts_check/,/^}/s/f->valid_from_s > f->valid_to_s/false/
