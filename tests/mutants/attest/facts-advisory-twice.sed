# file: attest/facts.c
# An advisory may come twice.
# killed by: test_attest_facts
/^bool attest_advisories_valid/,/^}/s/>= 0/> 0/
