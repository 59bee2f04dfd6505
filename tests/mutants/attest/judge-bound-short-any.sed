# file: attest/facts.c
# Others than TPMs may be bound to the hash of the report data.
# killed by: test_attest_policy
/^bool attest_facts_bound/,/^}/s/f->kind != ATTEST_KIND_TPM/false/
