# file: attest/facts.c
# A list of keys may hold the same twice.
# killed by: test_attest_facts
/^bool attest_rising/,/^}/s/>= 0/> 0/
