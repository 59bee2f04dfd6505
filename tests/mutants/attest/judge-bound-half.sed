# file: attest/facts.c
# Half of the report data suffices.
# killed by: test_attest_policy
/^bool attest_facts_bound/,/^}/s/memcmp(f->report_data, report_data, ATTEST_REPORT_DATA)/memcmp(f->report_data, report_data, 32)/
