# file: attest/facts.c
# The measurement of a TD is its firmware alone.
# killed by: test_attest_facts
/attest_measurement_tdx/,/^}/s/4 \* 48 } }/0 } }/
