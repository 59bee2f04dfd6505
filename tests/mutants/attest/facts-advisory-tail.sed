# file: attest/facts.c
# Anything may stand behind an advisory.
# killed by: test_attest_facts
/^bool attest_advisory_valid/,/^}/s/id\[n\] != .\\0./false/
