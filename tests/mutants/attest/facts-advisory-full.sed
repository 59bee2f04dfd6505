# file: attest/facts.c
# An advisory may have no NUL.
# killed by: test_attest_facts
/^bool attest_advisory_valid/,/^}/s/ || n == ATTEST_FACTS_ADVISORY_MAX//
